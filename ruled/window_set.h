/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The windows of one rule by key, made when first needed, bounded: when all are in use the one
 * least recently used makes room. Pure: time comes with the events.
 */
#pragma once

#include <sys/queue.h>

#include "common/map.h"
#include "common/pool.h"
#include "ruled/window.h"

struct keyed_window {
	struct map_key key;
	TAILQ_ENTRY(keyed_window) order;
	uint64_t quiet_until_ns; /* the condition was looked at; no second look before */
	double next;	 /* the lowest threshold it was not over then */
	double floor;	 /* rules of a lower threshold are not to look now */
	uint32_t serial; /* names this window in the keys of others; never 0, never reused */
	struct window window;
};

TAILQ_HEAD(keyed_windows, keyed_window);

struct window_set {
	struct window_shape shape;
	struct map map;
	struct pool pool;
	struct keyed_windows recent; /* most recently used first */
	uint32_t serial;
	uint64_t most;	  /* no window holds more in all; may be too high */
	uint64_t evicted; /* made room while they still counted something */
};

void window_set_init(struct window_set *set, struct window_shape shape);
void window_set_done(struct window_set *set);

/* How many windows a set of this shape holds at most. */
size_t window_set_max(const struct window_shape *shape);

/* The window of @key, a new one if there is none; NULL when memory is short. */
struct keyed_window *window_set_get(struct window_set *set, struct map_key key, uint64_t now_ns);

/* True if it is over @threshold, and a rule of that threshold is to look now. */
bool window_set_due(
	const struct window_set *set, const struct keyed_window *keyed, double threshold);

/* The window of @key brought to @now_ns, or NULL. */
struct keyed_window *window_set_find(struct window_set *set, struct map_key key, uint64_t now_ns);

/* Counts one event in a window of @set. */
void window_set_add(struct window_set *set, struct keyed_window *keyed, uint64_t time_ns);

/* Gives back the windows that count nothing any more. */
void window_set_expire(struct window_set *set, uint64_t now_ns);
