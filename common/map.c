/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/map.h"

#include <assert.h>
#include <errno.h>

#define CAPACITY_MIN 64

void map_done(struct map *map)
{
	free(map->slots);
	*map = (struct map)MAP_INIT(map->max);
}

static size_t home(const struct map *map, struct map_key key)
{
	uint64_t hash = (key.a ^ key.b * 0x9fb21c651e98df25ULL) * 0xd6e8feb86659fd93ULL;

	return (size_t)(hash ^ hash >> 32) & (map->capacity - 1);
}

static size_t after(const struct map *map, size_t at)
{
	return (at + 1) & (map->capacity - 1);
}

/* The slot of @key, or the free one where it would go. */
static size_t slot_of(const struct map *map, struct map_key key)
{
	size_t at = home(map, key);

	while (map->slots[at].value &&
		(map->slots[at].key.a != key.a || map->slots[at].key.b != key.b))
		at = after(map, at);
	return at;
}

void *map_get(const struct map *map, struct map_key key)
{
	return map->capacity > 0 ? map->slots[slot_of(map, key)].value : NULL;
}

static int resize(struct map *map, size_t capacity)
{
	struct map larger = {.capacity = capacity, .count = map->count, .max = map->max};

	larger.slots = calloc(capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].value)
			larger.slots[slot_of(&larger, map->slots[i].key)] = map->slots[i];
	free(map->slots);
	*map = larger;
	return 0;
}

/* How many values that many slots hold before they are doubled. */
static size_t room(size_t capacity)
{
	return capacity / 4 * 3;
}

int map_put(struct map *map, struct map_key key, void *value)
{
	size_t at;
	int r;

	assert(value);
	if (map->capacity > 0) {
		at = slot_of(map, key);
		if (map->slots[at].value) {
			map->slots[at].value = value;
			return 0;
		}
	}
	if (map->count >= map->max)
		return -ENOSPC;
	if (map->count >= room(map->capacity)) {
		r = resize(map, map->capacity > 0 ? map->capacity * 2 : CAPACITY_MIN);
		if (r < 0)
			return r;
	}
	map->slots[slot_of(map, key)] = (struct map_slot){key, value};
	map->count++;
	return 0;
}

/* Closes the gap at @gap: what stands behind it and may stand there moves up. */
static void close_gap(struct map *map, size_t gap)
{
	for (size_t at = after(map, gap); map->slots[at].value; at = after(map, at)) {
		size_t wanted = home(map, map->slots[at].key), mask = map->capacity - 1;

		if (((at - wanted) & mask) >= ((at - gap) & mask)) {
			map->slots[gap] = map->slots[at];
			gap = at;
		}
	}
	map->slots[gap].value = NULL;
}

void *map_remove(struct map *map, struct map_key key)
{
	size_t at;
	void *value;

	if (map->capacity == 0)
		return NULL;
	at = slot_of(map, key);
	value = map->slots[at].value;
	if (!value)
		return NULL;
	close_gap(map, at);
	map->count--;
	/* Memory of a past storm is given back; failing to is no error. */
	if (map->capacity > CAPACITY_MIN && map->count < map->capacity / 8)
		(void)!resize(map, map->capacity / 2);
	return value;
}

void *map_next(const struct map *map, size_t *cursor)
{
	while (*cursor < map->capacity) {
		void *value = map->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}

size_t map_bytes_max(const struct map *map)
{
	size_t capacity = CAPACITY_MIN;

	while (room(capacity) < map->max)
		capacity *= 2;
	return (capacity > CAPACITY_MIN ? capacity + capacity / 2 : capacity) *
	       sizeof(struct map_slot);
}
