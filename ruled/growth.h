/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Memory that grows and grows: the anonymous memory of the processes that have been growing, as
 * series over the last seconds. What is read into the page cache or shared is nobody's leak.
 * Bounded: the one that has not grown for longest makes room. Pure: time comes with the passes.
 */
#pragma once

#include <sys/queue.h>

#include "common/map.h"
#include "common/pool.h"
#include "common/process_table.h"

#define GROWTH_POINTS 20 /* of one series: the window is cut into 16 steps at most */
#define GROWTH_PASSES 16

struct growth {
	struct map_key key;
	TAILQ_ENTRY(growth) order;
	struct growth_point {
		uint64_t time_ns;
		uint64_t kib;
	} at[GROWTH_POINTS]; /* oldest first */
	uint64_t rose_ns;    /* when it last did */
	uint32_t count;
	uint32_t passes; /* of the set's, that are in it */
	double value_mb; /* its growth within the window when it was last too much */
};

TAILQ_HEAD(growth_list, growth);

struct growth_set {
	uint64_t window_ns;
	uint64_t first_ns; /* of the first pass: nothing is known before */
	double threshold_mb;
	struct map map;
	struct pool pool;
	struct growth_list recent; /* risen most recently first */
	/* The last passes: a process that was not sampled had what it had before, so its points are
	 * added when it is looked at again. */
	uint64_t pass_ns[GROWTH_PASSES];
	uint32_t passes;
	uint64_t evicted;
	/* Rules of the same window and threshold that were loaded together share one. */
	LIST_ENTRY(growth_set) order;
	uint64_t generation;
	unsigned references;
	const struct growth *found; /* of the process that is looked at; NULL: nothing to tell */
};

LIST_HEAD(growth_sets, growth_set);

/* A reference to the set in @sets for these, or to a new one in it. NULL without memory. */
struct growth_set *growth_set_get(struct growth_sets *sets, uint64_t generation,
	uint32_t window_secs, double threshold_mb);

/* One reference less; NULL is fine. */
void growth_set_drop(struct growth_set *set);

void growth_set_init(struct growth_set *set, uint32_t window_secs, double threshold_mb);
void growth_set_done(struct growth_set *set);
/* What was seen is too old to go on with. */
void growth_set_clear(struct growth_set *set);

/* A pass at @now_ns is to be looked at. */
void growth_begin(struct growth_set *set, uint64_t now_ns);

/* In entry->growth. */
enum growth_state {
	GROWTH_NONE,
	GROWTH_FOLLOWED,
	GROWTH_RISING, /* in its newest step, which may last another pass */
};

/* Whether the pass at @now_ns has news of it for any set. */
static inline bool growth_concerns(const struct process_entry *entry, uint64_t now_ns)
{
	const struct process_usage *usage = &entry->usage;
	bool sampled = usage->time_ns >= now_ns;

	return entry->growth == GROWTH_RISING || (entry->growth == GROWTH_FOLLOWED && sampled) ||
	       usage->anon_kib > usage->anon_before_kib;
}

/*
 * A process of the pass at @now_ns that this concerns, the last one being at @before_ns. Its series if it has grown
 * gradually and by more than the threshold, else NULL. Marks who is followed.
 */
const struct growth *growth_see(struct growth_set *set, struct process_entry *entry,
	uint64_t now_ns, uint64_t before_ns);

/* The growth of a process that is followed, else 0. */
double growth_value(struct growth_set *set, struct map_key key);

/* Gives up those that have not grown for a whole window. */
void growth_expire(struct growth_set *set, uint64_t now_ns);
