/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Who may be held responsible for an event: the living ancestors of the process that acted, up to
 * the first service or session manager. Pure.
 */
#pragma once

#include <sys/types.h>

#include "common/process_table.h"

#define LINEAGE_MAX 64

/* The users of the suite's own daemons. */
struct suite_users {
	uid_t uids[ROLE_COUNT];
	unsigned count;
};

/* Nearest first. Placeholders are in it, since they may turn out to be anybody. */
struct lineage {
	struct process_entry *at[LINEAGE_MAX];
	unsigned count;
};

enum lineage_tag { LINEAGE_UNKNOWN, LINEAGE_ORDINARY, LINEAGE_EXCLUDED };

/* What lineage_excludes() does not remember yet. */
bool lineage_judge(struct process_entry *entry, const struct suite_users *suite);

/*
 * True for PID 1, kernel threads, root's service and session managers, terminal multiplexers and
 * the suite. Remembered in entry->tag.
 */
static inline bool lineage_excludes(struct process_entry *entry, const struct suite_users *suite)
{
	return entry->tag != LINEAGE_UNKNOWN ? entry->tag == LINEAGE_EXCLUDED
					     : lineage_judge(entry, suite);
}

/* @actor may be NULL. */
void lineage_of(
	struct lineage *lineage, struct process_entry *actor, const struct suite_users *suite);

/* True if @ancestor would be in the lineage of @entry, above it. */
bool lineage_has(struct process_entry *entry, const struct process_entry *ancestor,
	const struct suite_users *suite);

/* A process that can be named as culprit: known, alive and not excluded. */
bool lineage_candidate(struct process_entry *entry, const struct suite_users *suite);
