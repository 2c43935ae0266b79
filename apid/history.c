/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

void history_init(struct history *history, uint64_t epoch)
{
	*history = (struct history){.epoch = epoch, .first = 1, .next = 1};
}

static struct history_event *event_at(const struct history *history, uint64_t number)
{
	return (struct history_event *)&history->ring[number % HISTORY_EVENTS_MAX];
}

static void forget_oldest(struct history *history)
{
	struct history_event *oldest = event_at(history, history->first++);

	history->bytes -= oldest->len;
	free(oldest->text);
	*oldest = (struct history_event){0};
}

void history_done(struct history *history)
{
	while (history->first < history->next)
		forget_oldest(history);
}

int history_add(struct history *history, unsigned type, const char *json)
{
	char *text;
	int len = asprintf(&text, "id: %llx-%llu\nevent: %s\ndata: %s\n\n",
		(unsigned long long)history->epoch, (unsigned long long)history->next,
		query_stream_name(type), json);

	if (len < 0)
		return -ENOMEM;
	while (history->first < history->next &&
		(history->next - history->first == HISTORY_EVENTS_MAX ||
			history->bytes + (size_t)len > HISTORY_BYTES_MAX))
		forget_oldest(history);
	*event_at(history, history->next++) = (struct history_event){type, text, (size_t)len};
	history->bytes += (size_t)len;
	return 0;
}

uint64_t history_resume(const struct history *history, const char *last_id)
{
	char epoch[24];
	size_t prefix =
		(size_t)snprintf(epoch, sizeof(epoch), "%llx-", (unsigned long long)history->epoch);
	uint64_t number;

	if (!last_id || strncmp(last_id, epoch, prefix) != 0)
		return history->next;
	if (text_to_u64(last_id + prefix, strlen(last_id + prefix), UINT64_MAX - 1, &number) < 0)
		return history->next;
	return number + 1 >= history->first && number < history->next ? number + 1 : history->next;
}

const struct history_event *history_next(
	const struct history *history, unsigned types, uint64_t *at)
{
	for (; *at < history->next; ++*at)
		if (event_at(history, *at)->type & types)
			return event_at(history, *at);
	return NULL;
}

bool history_lost(const struct history *history, uint64_t at)
{
	return at < history->first;
}
