/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What rules count. Rules that were loaded together and differ only in their thresholds and in what
 * follows count the same events in the same windows, so they share them, and none is looked at
 * unless a window is over the lowest threshold. Pure.
 */
#pragma once

#include <sys/queue.h>

#include "ruled/culprit.h"
#include "ruled/detector.h"

struct counts {
	const struct rule_def *rule; /* any of those who share it */
	uint64_t generation;	     /* of the rules it was made for */
	unsigned references;
	double *thresholds; /* of all who share it, ascending */
	unsigned threshold_count;
	struct window_set scoped; /* of the scope; tree scope: of those no candidate answers for */
	struct window_set trees;  /* by process */
	struct lives *lives;	  /* where the detector asks for them */
	LIST_ENTRY(counts) order;
	/* Of the newest event: */
	bool due;		     /* a window is over a threshold and not quiet */
	bool unattributed;	     /* no candidate answers for it */
	struct keyed_window *scope;  /* the scope's window; NULL: none or no memory */
	struct map_key scope_key;
	struct culprit_trees lineage; /* the trees' windows */
};

LIST_HEAD(counts_list, counts);

/* What is known around an event. */
struct counts_event {
	const struct process_event *event;
	const struct lineage *lineage;	   /* of the process that acted */
	const struct process_entry *actor; /* may be NULL */
	const struct suite_users *suite;
};

/*
 * A reference to what @rule shares with rules of the same @generation in @list, or to a new one in
 * it. NULL without memory.
 */
struct counts *counts_get(
	struct counts_list *list, uint64_t generation, const struct rule_def *rule);

/* One reference less; NULL is fine. */
void counts_drop(struct counts *counts);

/* Who shares it is told anew: first all are forgotten, then each joins. */
void counts_leave_all(struct counts *counts);
void counts_join(struct counts *counts, const struct rule_def *rule);

/* Counts the event wherever a detector asks for it. True if a rule has to look (its counts are due). */
bool counts_see_all(struct counts_list *list, const struct counts_event *seen);
