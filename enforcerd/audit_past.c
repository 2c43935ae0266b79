/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit_past.h"

#include <string.h>

#include "common/text.h"
#include "enforcerd/audit_line.h"

void audit_past_init(struct audit_past *past)
{
	memset(past, 0, sizeof(*past));
	memcpy(past->head, CHAIN_START, sizeof(past->head));
}

/* Takes `@before` and then the text up to @end off @rest. False: it does not stand there; @rest is
 * as it was. */
static bool take(struct text *rest, const char *before, char end, struct text *value)
{
	size_t skip = strlen(before);
	const char *stop;

	if (rest->len < skip || memcmp(rest->data, before, skip) != 0)
		return false;
	stop = memchr(rest->data + skip, end, rest->len - skip);
	if (!stop)
		return false;
	*value = (struct text){rest->data + skip, (size_t)(stop - rest->data) - skip};
	rest->len -= (size_t)(stop - rest->data) + 1;
	rest->data = stop + 1;
	return true;
}

static uint64_t read_time(struct text text)
{
	const char *point = memchr(text.data, '.', text.len);
	uint64_t seconds;

	/* Whole seconds do. */
	if (!point || text_to_u64(text.data, (size_t)(point - text.data), UINT64_MAX / NSEC_PER_SEC,
			      &seconds) < 0)
		return 0;
	return seconds * NSEC_PER_SEC;
}

static struct audit_open *find_open(struct audit_past *past, uint64_t action)
{
	for (unsigned i = 0; i < past->open_count; i++)
		if (past->open[i].action == action)
			return &past->open[i];
	return NULL;
}

static void open_action(struct audit_past *past, uint64_t action)
{
	if (find_open(past, action))
		return;
	if (past->open_count == AUDIT_OPEN_MAX)
		memmove(past->open, past->open + 1, --past->open_count * sizeof(past->open[0]));
	past->open[past->open_count++] = (struct audit_open){.action = action};
}

static void close_action(struct audit_past *past, uint64_t action)
{
	struct audit_open *open = find_open(past, action);

	if (open)
		memmove(open, open + 1,
			(size_t)(&past->open[--past->open_count] - open) * sizeof(*open));
}

/* An action costs once, however many signals it took. */
static void execute_action(struct audit_past *past, uint64_t action, uint64_t wall_ns)
{
	struct audit_open *open = find_open(past, action);

	if (!open || open->executed)
		return;
	open->executed = true;
	past->spent_wall_ns[past->spent_count++ % AUDIT_SPENT_MAX] = wall_ns;
}

static void approve_action(struct audit_past *past, uint64_t action)
{
	struct audit_open *open = find_open(past, action);

	if (open)
		open->approved = true;
}

static void set_hold(struct audit_past *past, struct text by, uint64_t wall_ns)
{
	past->held = true;
	past->held_wall_ns = wall_ns;
	text_copy(by, past->held_by, sizeof(past->held_by));
}

static bool is_kind(struct text text, enum audit_kind kind)
{
	return text.len == strlen(audit_kind_name(kind)) &&
	       memcmp(text.data, audit_kind_name(kind), text.len) == 0;
}

/* What the step means for the state at the end. */
static void apply(struct audit_past *past, struct text kind, uint64_t action, struct text by,
	uint64_t wall_ns)
{
	static const enum audit_kind ends[] = {
		AUDIT_OUTCOME, AUDIT_FAILED, AUDIT_REJECTED, AUDIT_EXPIRED, AUDIT_WITHDRAWN};

	if (is_kind(kind, AUDIT_PROPOSED))
		open_action(past, action);
	else if (is_kind(kind, AUDIT_APPROVED) || is_kind(kind, AUDIT_AUTO_APPROVED))
		approve_action(past, action);
	else if (is_kind(kind, AUDIT_EXECUTED))
		execute_action(past, action, wall_ns);
	else if (is_kind(kind, AUDIT_HOLD) &&
		 by.len > 0) /* without a name: of the file, which is looked at anyway */
		set_hold(past, by, wall_ns);
	else if (is_kind(kind, AUDIT_RESUME) && by.len > 0)
		past->held = false;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (is_kind(kind, ends[i]))
			close_action(past, action);
}

/*
 * trust: the file is ours, but anybody who was root may have written to it. A line that does not
 * fit the chain can only make us more careful: it uses up numbers and holds; it never resumes,
 * closes or forgets.
 */
static void read_line(struct audit_past *past, const char *line, size_t len)
{
	struct text rest = {line, len}, time, kind, number = {0}, by = {"", 0};
	struct chain_link link;
	uint64_t action = 0, wall_ns;
	bool fits = chain_open(line, len, &link) == 0;

	past->lines++;
	if ((!fits || strcmp(link.prev, past->head) != 0) && past->broken_line == 0)
		past->broken_line = past->lines;
	if (fits)
		memcpy(past->head, link.hash, sizeof(past->head));
	if (!take(&rest, "{\"time\":", ',', &time) || !take(&rest, "\"kind\":\"", '"', &kind))
		return;
	wall_ns = read_time(time);
	if (take(&rest, ",\"action\":\"action-", '"', &number) &&
		text_to_u64(number.data, number.len, UINT64_MAX - 1, &action) < 0)
		action = 0;
	(void)take(&rest, ",\"by\":\"", '"', &by);
	past->last_action = MAX(past->last_action, action);
	if (fits || is_kind(kind, AUDIT_HOLD))
		apply(past, kind, action, by, wall_ns);
}

void audit_past_feed(struct audit_past *past, const char *data, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		past->too_long = past->too_long || n > sizeof(past->line) - past->used;
		if (!past->too_long) {
			memcpy(past->line + past->used, data, n);
			past->used += n;
		}
		if (newline) {
			read_line(past, past->line, past->too_long ? 0 : past->used);
			past->used = 0;
			past->too_long = false;
		}
		data += n + (newline ? 1 : 0);
		len -= n + (newline ? 1 : 0);
	}
}

void audit_past_end(struct audit_past *past)
{
	past->cut = past->used > 0 || past->too_long;
}
