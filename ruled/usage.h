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

#define USAGE_KIB_PER_MB 1024.0F
#define USAGE_WAITING	 'D' /* state: cannot be interrupted */

static inline bool usage_waits(const struct process_entry *entry)
{
	return entry->usage.state == USAGE_WAITING && !entry->info.kernel_thread;
}

/* Of @entry alone, or with its living descendants. */
static inline double usage_own(const struct process_entry *entry, enum gauge gauge)
{
	const struct process_usage *usage = &entry->usage;

	switch (gauge) {
	case GAUGE_CPU:
		return (double)usage->cpu_pct;
	case GAUGE_RSS:
		return (double)usage->rss_kib / (double)USAGE_KIB_PER_MB;
	case GAUGE_IO:
		return (double)usage->io_mb_per_sec;
	case GAUGE_DSTATE:
		return usage_waits(entry);
	case GAUGE_CONNECTS:
		return (double)usage->connects_per_sec;
	case GAUGE_FDS:
		return usage->fd_limit > 0 ? 100.0 * usage->fds / usage->fd_limit : 0;
	case GAUGE_ZOMBIES:
		return usage->zombies;
	case GAUGE_THREADS:
		return usage->threads;
	case GAUGE_CONNECTIONS:
		return usage->connections;
	case GAUGE_COUNT:
		break;
	}
	return 0;
}

static inline double usage_tree(const struct process_entry *entry, enum gauge gauge)
{
	const struct process_usage *usage = &entry->usage;

	switch (gauge) {
	case GAUGE_CPU:
		return (double)usage->tree_cpu_pct;
	case GAUGE_RSS:
		return (double)usage->tree_rss_mb;
	case GAUGE_IO:
		return (double)usage->tree_io_mb_per_sec;
	case GAUGE_DSTATE:
		return usage->tree_dstate;
	case GAUGE_CONNECTS:
		return (double)usage->tree_connects_per_sec;
	default:
		return usage_own(entry, gauge);
	}
}

/* It and one of its children use more CPU than a process that waits for its children does. */
bool usage_both_busy(const struct process_entry *entry);
