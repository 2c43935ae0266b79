/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Chooses the culprit: the deepest living candidate whose subtree holds at least 80 % of the weight
 * above it. Pure: looks at the process table and at the tree windows of one rule.
 */
#pragma once

#include "ruled/lineage.h"
#include "ruled/window_set.h"

/*
 * A tree over the threshold is looked at again only after this long: looking costs more than
 * counting.
 */
#define CULPRIT_QUIET_NS (10 * NSEC_PER_MSEC)

/* Where to look: the tree windows that belong to the scope window @serial (0: to none). */
struct culprit_search {
	const struct process_table *table;
	const struct suite_users *suite;
	struct window_set *trees;
	uint32_t serial;
	double threshold;
	uint64_t now_ns;
};

/* The tree windows of a lineage, place by place; NULL: none. */
struct culprit_trees {
	struct keyed_window *at[LINEAGE_MAX];
};

struct culprit {
	struct process_entry *entry; /* NULL: nobody stands out */
	struct keyed_window *window; /* of its tree */
	struct keyed_window
		*decider; /* the deepest above it, or its own, that is over the threshold */
};

/* The key of the tree window of @entry. */
struct map_key culprit_key(uint32_t serial, const struct process_entry *entry);

/* Finds the tree windows of @lineage, and counts an event in them if @count says so. */
void culprit_windows(struct window_set *set, uint32_t serial, const struct lineage *lineage,
	uint64_t time_ns, bool count, struct culprit_trees *trees);

/*
 * From the topmost of @lineage, whose windows are @trees, that is over the threshold. Nobody if none is, or if it is quiet.
 */
struct culprit culprit_in(const struct culprit_search *search, const struct lineage *lineage,
	const struct culprit_trees *trees);

/*
 * Who below @above holds most of @rest, which is what those already told have left of @above's weight, and has none of
 * @told (window keys) in its own tree. Nobody if nobody does.
 */
struct culprit culprit_of_rest(const struct culprit_search *search, const struct process_entry *above,
	uint64_t rest, const struct map_key *told, size_t count);

/* Of a whole scope's @weight; nobody if no tree holds 80 % of it. decider may be NULL. */
struct culprit culprit_of(const struct culprit_search *search, uint64_t weight);

/*
 * True while it is too early to name @culprit: it is behind what happens now and will be over the
 * threshold by itself soon, or stop. Naming it at once, or its parent instead, would be wrong.
 */
bool culprit_ripens(const struct culprit_search *search, const struct culprit *culprit);
