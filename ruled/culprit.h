/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Chooses the culprit: the deepest living candidate whose subtree holds at least 80 % of the count
 * above it. Pure: looks at the process table and at the tree windows of one rule.
 */
#pragma once

#include "ruled/lineage.h"
#include "ruled/window_set.h"

/* Where to look: the tree windows that belong to the scope window @serial (0: to none). */
struct culprit_search {
	const struct process_table *table;
	const struct suite_users *suite;
	struct window_set *trees;
	uint32_t serial;
	uint64_t now_ns;
};

struct culprit {
	struct process_entry *entry;  /* NULL: nobody stands out */
	struct keyed_window *window; /* of its tree */
};

/* The key of the tree window of @entry. */
struct map_key culprit_key(uint32_t serial, const struct process_entry *entry);

/* Counts an event for the tree of each process in @lineage. */
void culprit_count(const struct culprit_search *search, const struct lineage *lineage, uint64_t time_ns);

/* From lineage->at[@top], a candidate, down. */
struct culprit culprit_below(const struct culprit_search *search, const struct lineage *lineage,
	unsigned top);

/* Of @total events of a whole scope; nobody if no tree holds 80 % of them. */
struct culprit culprit_of(const struct culprit_search *search, uint64_t total);
