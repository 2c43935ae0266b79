/* SPDX-License-Identifier: AGPL-3.0-only */
/* Server-sent events: each stream is a place in the history, filled as fast as its reader reads.
 * Never waits for one. */
#pragma once

#include "apid/answer.h"

/* Answers @exchange with a stream of @types (enum stream_type bits), from Last-Event-ID on if it is
 * known. */
void stream_open(struct exchange *exchange, unsigned types);

/* An event for all streams that want it; @json is one line. */
void streams_publish(struct apid *apid, unsigned type, const char *json);

/* Each STREAMS_HEARTBEAT_MS: a comment to every silent stream; ends those that take nothing. */
#define STREAMS_HEARTBEAT_MS 10000
void streams_heartbeat(struct apid *apid);
