/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What each process uses of something the host is short of, added up pass by pass over the last
 * grace period of a circuit breaker. CPU time and storage traffic are means over it; memory, what
 * is anonymous or swapped out, is that of the newest pass. Bounded: who uses next to nothing is not
 * watched. Pure: time comes with the passes.
 */
#pragma once

#include <sys/queue.h>

#include "common/map.h"
#include "common/pool.h"
#include "ruled/level.h"

#define WATCHED_MAX   1024 /* of one breaker */
#define WATCHED_SLOTS 8	   /* the grace period is seven of them: the newest is not whole yet */

/* A process that uses enough to be looked at; with kill_tree its tree. */
struct watched {
	struct map_key key;
	TAILQ_ENTRY(watched) order;
	double used[WATCHED_SLOTS]; /* use times seconds */
	double first;		    /* MB when the condition began; memory only */
	char comm[COMM_BYTES];
};

TAILQ_HEAD(watched_list, watched);

struct watched_set {
	struct map map;
	struct pool pool;
	struct watched_list all;
	/* Use times seconds of all processes, and of those that are or were killable. */
	double whole[WATCHED_SLOTS], killable[WATCHED_SLOTS];
	double secs[WATCHED_SLOTS];
	uint64_t slot;	   /* number of the newest: time / its length */
	uint64_t begun_ns; /* first pass that was looked at; 0: none */
	uint64_t refused;  /* not watched for want of room */
	bool blind;	   /* the trees are too deep to be added up */
};

/* NULL without memory. */
struct watched_set *watched_set_new(void);
void watched_set_free(struct watched_set *set);

/* The condition does not hold any more. */
void watched_set_clear(struct watched_set *set);

/* Looks at the last whole pass, while the condition of @state's rule holds. */
void watched_set_pass(const struct level_pass *pass, struct rule_state *state);

/* Of all slots. */
double watched_sum(const double slots[WATCHED_SLOTS]);
