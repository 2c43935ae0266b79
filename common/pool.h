/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Objects of one size, taken from chunks and given back to a free list, so that hot paths do not
 * allocate. Bounded. Chunks are freed only by pool_done().
 */
#pragma once

#include "common/base.h"

struct pool_item;
struct pool_chunk;

struct pool {
	size_t item_bytes; /* a multiple of 8, at least 8 */
	size_t chunk_items;
	size_t count, max; /* items in use; items it may give out */
	struct pool_item *free;
	struct pool_chunk *chunks;
};

#define POOL_INIT(item_bytes_, chunk_items_, max_) \
	{ \
		.item_bytes = ((item_bytes_) + 7) & ~(size_t)7, .chunk_items = (chunk_items_), \
		.max = (max_) \
	}

/* Frees every item, also those in use. */
void pool_done(struct pool *pool);

/* A zeroed item, or NULL when max are in use or memory is short. */
void *pool_take(struct pool *pool);

/* Gives @item back. */
void pool_give(struct pool *pool, void *item);

/* What all of @pool's items take at most. */
size_t pool_bytes_max(const struct pool *pool);
