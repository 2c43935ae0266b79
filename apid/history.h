/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The last events of the streams, ready to be sent, in a bounded ring: every stream is a place in
 * it, so that a slow reader costs no memory and a reader that comes back goes on where it was.
 * Pure.
 */
#pragma once

#include "apid/query.h"
#include "common/base.h"

#define HISTORY_EVENTS_MAX 1024
#define HISTORY_BYTES_MAX  (1U << 20)

struct history_event {
	unsigned type; /* one enum stream_type bit */
	char *text;    /* "id: …\nevent: …\ndata: …\n\n" */
	size_t len;
};

struct history {
	struct history_event
		ring[HISTORY_EVENTS_MAX]; /* event n stands at n % HISTORY_EVENTS_MAX */
	uint64_t epoch;	      /* of this process; ids of another one are not known here */
	uint64_t first, next; /* numbers of the oldest event and of the one to come; from 1 */
	size_t bytes;
};

void history_init(struct history *history, uint64_t epoch);
void history_done(struct history *history);

/* @json: one line. 0 or -ENOMEM (the event is lost to streams). */
must_check int history_add(struct history *history, unsigned type, const char *json);

/*
 * Where a reader goes on that has seen @last_id (trust: a client's header; NULL: none): after it if
 * the next event is still here, else from now.
 */
uint64_t history_resume(const struct history *history, const char *last_id);

/* The first event of one of @types at or after *at, which is not lost; *at moves to it, or to the
 * end. NULL: none yet. */
const struct history_event *history_next(
	const struct history *history, unsigned types, uint64_t *at);

/* True if events from @at on are gone already. */
bool history_lost(const struct history *history, uint64_t at);
