/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Which culprits of one rule are over the line, when each was last told, and when it has cleared.
 * Bounded: the one told longest ago makes room. Pure.
 */
#pragma once

#include <sys/queue.h>

#include "common/map.h"
#include "common/pool.h"

#define FIRINGS_MAX 1024 /* of one rule */

struct firing {
	struct map_key culprit;
	TAILQ_ENTRY(firing) order;
	struct map_key window; /* the one whose value decides */
	bool scoped; /* it is a scope's window, not a tree's */
	bool active; /* over the line, or not yet below clear_below */
	uint64_t told_ns; /* last alert */
	uint64_t clear_ns; /* !active: since when */
	uint64_t alert; /* counter of the last alert; 0: the rule's filters keep it silent */
};

TAILQ_HEAD(firing_list, firing);

struct firing_set {
	struct map map;
	struct pool pool;
	struct firing_list told; /* longest ago first */
};

void firing_set_init(struct firing_set *set);
void firing_set_done(struct firing_set *set);

struct firing *firing_set_find(const struct firing_set *set, struct map_key culprit);

/*
 * @culprit is told at @now_ns: its firing, active; the caller fills in the rest. NULL without
 * memory.
 */
struct firing *firing_set_tell(struct firing_set *set, struct map_key culprit, uint64_t now_ns);

void firing_set_remove(struct firing_set *set, struct firing *firing);

/* How many were told aloud and are active. */
unsigned firing_set_active(const struct firing_set *set);
