/* SPDX-License-Identifier: AGPL-3.0-only */
/* An answer to the client, head and events: whatever comes, and however it is cut, the same events come of it. */
#include <string.h>

#include "apid/client/head.h"
#include "apid/client/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t events, bytes;
};

static int on_event(void *ctx, const struct sse_event *event)
{
	struct seen *seen = ctx;

	if (event->len > SSE_EVENT_MAX || event->data[event->len] != '\0' ||
		!memchr(event->id, '\0', sizeof(event->id)) ||
		!memchr(event->type, '\0', sizeof(event->type)))
		__builtin_trap();
	seen->events++;
	seen->bytes += event->len;
	return 0;
}

static struct seen read_events(const char *data, size_t len, size_t step)
{
	struct seen seen = {0};
	struct sse sse = {0};

	for (size_t at = 0; at < len; at += step)
		if (sse_feed(&sse, data + at, MIN(step, len - at), on_event, &seen) < 0)
			__builtin_trap();
	sse_done(&sse);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct head head = {.status = 0};
	long used = head_parse(text, size, &head);
	struct seen whole, parts;

	if (used > HEAD_BYTES_MAX || used > (long)size || (used > 0) != (head.status != 0))
		__builtin_trap();
	/* What is a head stays one when more of the answer has come, and is none before its end. */
	if (used > 0 && (head_parse(text, (size_t)used, &head) != used ||
				head_parse(text, (size_t)used - 1, &head) != 0))
		__builtin_trap();
	used = MAX(used, 0);
	whole = read_events(text + used, size - (size_t)used, SIZE_MAX / 2);
	parts = read_events(text + used, size - (size_t)used, 3);
	if (whole.events != parts.events || whole.bytes != parts.bytes)
		__builtin_trap();
	return 0;
}
