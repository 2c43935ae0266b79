/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One rule and one event that was counted: decides whether an alert is due and whom it names; and once a
 * second whether what was told has cleared. Pure: no clock, no I/O, no logging.
 */
#pragma once

#include "ruled/cgroups.h"
#include "ruled/detector.h"
#include "ruled/lineage.h"
#include "ruled/rule_state.h"

#define DETECT_WHO_BYTES 512

/* What is known around an event. */
struct detect {
	const struct process_table *table;
	const struct cgroups *cgroups;
	const struct suite_users *suite;
	const struct lineage *lineage; /* of the process that acted */
	char who[DETECT_WHO_BYTES];	   /* room for finding->who */
};

/*
 * Looks at @event, which the rule's counts have seen and found due. Returns the firing that is due, with @finding
 * filled; the caller numbers the alert (firing->alert). NULL: nothing to tell.
 */
struct firing *detect_event(struct detect *detect, struct rule_state *state,
	const struct process_event *event, struct finding *finding);

/*
 * Looks at what @firing told, at @now_ns. True: it has been clear for long enough; the caller tells
 * so and removes it.
 */
bool detect_cleared(const struct process_table *table, struct rule_state *state,
	struct firing *firing, uint64_t now_ns);
