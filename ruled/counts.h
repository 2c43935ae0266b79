/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What rules count. Rules that were loaded together and differ only in threshold, filters and what
 * follows count the same events in the same windows: they share one. Pure.
 */
#pragma once

#include <sys/queue.h>

#include "ruled/culprit.h"
#include "ruled/detector.h"

struct counts {
	const struct detector *detector;
	enum scope scope;
	uint32_t max_exec_duration_ms;
	double least; /* the lowest threshold of all who share it */
	unsigned references;
	struct window_set scoped; /* of the scope; tree scope: of those no candidate answers for */
	struct window_set trees;  /* by process */
	struct lives *lives;	  /* where the detector asks for them */
	TAILQ_ENTRY(counts) order;
	/* The newest event. */
	bool hot; /* a window is over the lowest threshold: some rule may have something to tell */
	bool counted;
	bool unattributed;
	struct map_key key; /* of the scope's window */
	struct keyed_window *scope_window;
	struct culprit_trees of_lineage;
};

TAILQ_HEAD(counts_list, counts);

/* What is known around an event. */
struct counts_event {
	const struct process_event *event;
	const struct lineage *lineage;	   /* of the process that acted */
	const struct process_entry *actor; /* may be NULL */
};

/* One reference to what @rule shares with a rule of @list, or to a new one in it. NULL without memory. */
struct counts *counts_get(struct counts_list *list, const struct rule_def *rule);

/* One reference less. */
void counts_drop(struct counts *counts);
