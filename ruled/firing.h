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

/* The incident an alert has joined; serial 0: none. */
struct incident_ref {
	uint32_t slot, serial;
};

struct firing {
	struct map_key culprit;
	TAILQ_ENTRY(firing) order;
	struct map_key window; /* the one whose value decides */
	bool scoped; /* it is a scope's window, not a tree's */
	bool active; /* over the line, or not yet below clear_below */
	uint64_t told_ns; /* last alert */
	uint64_t clear_ns; /* !active: since when */
	uint64_t alert; /* counter of the last alert; 0: the rule's filters keep it silent */
	struct incident_ref incident;
	bool adopted; /* an earlier ruled told it; not seen over the line since */
	uint64_t keep_until_ns; /* adopted: not cleared before */
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

/* Over the line again, whoever has told it first. */
void firing_seen(struct firing *firing);

void firing_set_remove(struct firing_set *set, struct firing *firing);

/*
 * A place for @culprit that an earlier ruled told at @told_ns, not active. NULL without memory or
 * when half of all places are taken: what others say never makes room of what was seen.
 */
struct firing *firing_set_adopt(struct firing_set *set, struct map_key culprit, uint64_t told_ns);

/* How many were told aloud and are active. */
unsigned firing_set_active(const struct firing_set *set);
