/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What processes and their trees use, as of the last pass: one walk over the forest of the process
 * table sums up from the leaves. What a manager starts does not count for whoever started the
 * manager. Pure.
 */
#pragma once

#include "ruled/lineage.h"

enum gauge {
	GAUGE_CPU,		 /* percent of one core */
	GAUGE_RSS,		 /* MB of 2^20 bytes */
	GAUGE_IO,		 /* MB per second */
	GAUGE_DSTATE,		 /* processes */
	GAUGE_CONNECTS,		 /* outgoing TCP connections per second */
	GAUGE_TREES,		 /* those before have sums over trees */
	GAUGE_FDS = GAUGE_TREES, /* percent of the limit */
	GAUGE_ZOMBIES,		 /* children */
	GAUGE_THREADS,
	GAUGE_CONNECTIONS, /* open */
	GAUGE_COUNT,
};

/* Of all processes together. */
struct usage_host {
	double at[GAUGE_TREES];
};

/*
 * Sums up after a pass that was received whole; @on_process hears of each living process when its
 * sums are complete, descendants first.
 */
void usage_walk(struct process_table *table, const struct suite_users *suite,
	struct usage_host *host, void (*on_process)(void *ctx, struct process_entry *entry),
	void *ctx);

/* Of @entry alone, or with its living descendants. */
double usage_own(const struct process_entry *entry, enum gauge gauge);
double usage_tree(const struct process_entry *entry, enum gauge gauge);

/* It and one of its children use more CPU than a process that waits for its children does. */
bool usage_both_busy(const struct process_entry *entry);
