/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A hash map from two numbers to a pointer: open addressing, grown on demand, bounded. Owns its
 * slots, never the values. The order of map_next() depends only on what was put and removed, so
 * that replays stay the same.
 */
#pragma once

#include "common/base.h"

struct map_key {
	uint64_t a, b;
};

struct map_slot {
	struct map_key key;
	void *value; /* NULL: free */
};

struct map {
	struct map_slot *slots;
	size_t capacity; /* a power of two, or 0 before the first put */
	size_t count;
	size_t max; /* values it may hold */
};

/* A map of at most @max_ values. map_done() ends it. */
#define MAP_INIT(max_) \
	{ \
		.max = (max_) \
	}
void map_done(struct map *map);

/* The value of @key or NULL. */
void *map_get(const struct map *map, struct map_key key);

/* Adds or replaces. @value is not NULL. 0, -ENOSPC when max values are in it, -ENOMEM. */
must_check int map_put(struct map *map, struct map_key key, void *value);

/* Takes @key out and returns its value, or NULL. */
void *map_remove(struct map *map, struct map_key key);

/*
 * Walks all values: start with *cursor 0; NULL at the end. Nothing may be put or removed meanwhile.
 */
void *map_next(const struct map *map, size_t *cursor);

/* What the slots take at most, also while they are being moved. */
size_t map_bytes_max(const struct map *map);
