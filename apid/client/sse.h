/* SPDX-License-Identifier: AGPL-3.0-only */
/* Server-sent events out of the bytes of a stream, as they come. Bounded: an event that is longer
 * is left out whole and counted. Does no I/O. */
#pragma once

#include "common/base.h"

#define SSE_EVENT_MAX (1U << 20) /* bytes of its data, and of one line */
#define SSE_NAME_MAX  128	 /* of id and type */

struct sse_event {
	char id[SSE_NAME_MAX]; /* the newest that came, "" if none has */
	char type[SSE_NAME_MAX];
	const char *data; /* until the callback returns */
	size_t len;
};

struct sse_buffer {
	char *data;
	size_t len, size;
};

struct sse {
	struct sse_buffer line, data;
	char id[SSE_NAME_MAX], type[SSE_NAME_MAX];
	bool has_data, after_cr;
	bool line_too_long, event_too_long;
	uint64_t refused; /* events left out */
};

void sse_done(struct sse *sse);

/*
 * Calls @on_event for each event that ends in these bytes; if that returns non-zero what is left of
 * them is not looked at, and that is returned. 0 or -ENOMEM else. A zeroed struct is a stream's
 * start.
 */
must_check int sse_feed(struct sse *sse, const char *data, size_t len,
	int (*on_event)(void *ctx, const struct sse_event *event), void *ctx);
