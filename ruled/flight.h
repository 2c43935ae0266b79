/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The flight recorder: the last process events of the host in a ring of fixed size, for the
 * evidence of an incident. One copy an event; never allocates.
 */
#pragma once

#include "common/process_table.h"

#define FLIGHT_EVENTS 4096

struct flight_event {
	uint64_t time_ns;
	uint64_t start_ns; /* with tgid the key of the process */
	uint32_t tgid, ppid;
	uint32_t status; /* of an exit: wait status */
	uint32_t kind;	 /* enum event_kind */
	char comm[COMM_BYTES];
};

/* All zero: nothing recorded. */
struct flight {
	uint64_t count; /* ever recorded */
	struct flight_event at[FLIGHT_EVENTS];
};

/* @event is a change. */
void flight_add(struct flight *flight, const struct process_event *event);

/* The event recorded @age events before the newest (0); NULL: not kept any more, or never was. */
const struct flight_event *flight_get(const struct flight *flight, uint64_t age);
