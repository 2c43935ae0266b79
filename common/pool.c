/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/pool.h"

#include <assert.h>
#include <string.h>

struct pool_item {
	struct pool_item *next;
};

struct pool_chunk {
	struct pool_chunk *next;
	uint64_t items[];
};

void pool_done(struct pool *pool)
{
	while (pool->chunks) {
		struct pool_chunk *chunk = pool->chunks;

		pool->chunks = chunk->next;
		free(chunk);
	}
	pool->free = NULL;
	pool->count = 0;
}

static size_t chunk_bytes(const struct pool *pool)
{
	return sizeof(struct pool_chunk) + pool->chunk_items * pool->item_bytes;
}

static bool grow(struct pool *pool)
{
	struct pool_chunk *chunk = malloc(chunk_bytes(pool));

	if (!chunk)
		return false;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	for (size_t i = pool->chunk_items; i-- > 0;) {
		struct pool_item *item = (void *)((char *)chunk->items + i * pool->item_bytes);

		item->next = pool->free;
		pool->free = item;
	}
	return true;
}

void *pool_take(struct pool *pool)
{
	struct pool_item *item;

	if (pool->count >= pool->max || (!pool->free && !grow(pool)))
		return NULL;
	item = pool->free;
	pool->free = item->next;
	pool->count++;
	return memset(item, 0, pool->item_bytes);
}

void pool_give(struct pool *pool, void *item)
{
	struct pool_item *given = item;

	assert(pool->count > 0);
	given->next = pool->free;
	pool->free = given;
	pool->count--;
}

size_t pool_bytes_max(const struct pool *pool)
{
	size_t chunks = (pool->max + pool->chunk_items - 1) / pool->chunk_items;

	return chunks * chunk_bytes(pool);
}
