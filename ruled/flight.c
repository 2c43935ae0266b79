/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/flight.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct flight_event) == 48, "a flight event is small");

static const uint32_t KINDS[] = {
	[PROCESS_FORKED] = EVENT_FORK,
	[PROCESS_EXECED] = EVENT_EXEC,
	[PROCESS_EXITED] = EVENT_EXIT,
	[PROCESS_OOM_KILLED] = EVENT_OOM,
};

void flight_add(struct flight *flight, const struct process_event *event)
{
	const struct process *info = &event->entry->info;
	struct flight_event *at = &flight->at[flight->count++ % FLIGHT_EVENTS];

	at->time_ns = event->time_ns;
	at->start_ns = info->start_ns;
	at->tgid = info->tgid;
	at->ppid = info->ppid;
	at->status = event->change == PROCESS_EXITED ? event->status : 0;
	at->kind = KINDS[event->change];
	memcpy(at->comm, info->comm, sizeof(at->comm));
}

const struct flight_event *flight_get(const struct flight *flight, uint64_t age)
{
	if (age >= flight->count || age >= FLIGHT_EVENTS)
		return NULL;
	return &flight->at[(flight->count - 1 - age) % FLIGHT_EVENTS];
}
