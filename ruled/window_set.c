/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/window_set.h"

#define WINDOWS_MAX	  4096
#define WINDOW_BYTES_MAX  (4U << 20) /* of one set */
#define WINDOWS_PER_CHUNK 8

static size_t item_bytes(const struct window_shape *shape)
{
	return offsetof(struct keyed_window, window) + window_bytes(shape);
}

size_t window_set_max(const struct window_shape *shape)
{
	return MIN((size_t)WINDOWS_MAX, WINDOW_BYTES_MAX / item_bytes(shape));
}

void window_set_init(struct window_set *set, struct window_shape shape)
{
	size_t max = window_set_max(&shape);

	*set = (struct window_set){
		.shape = shape,
		.map = MAP_INIT(max),
		.pool = POOL_INIT(item_bytes(&shape), WINDOWS_PER_CHUNK, max),
	};
	TAILQ_INIT(&set->recent);
}

void window_set_done(struct window_set *set)
{
	map_done(&set->map);
	pool_done(&set->pool);
	TAILQ_INIT(&set->recent);
}

static void drop(struct window_set *set, struct keyed_window *keyed)
{
	TAILQ_REMOVE(&set->recent, keyed, order);
	map_remove(&set->map, keyed->key);
	pool_give(&set->pool, keyed);
}

static bool is_idle(const struct window_set *set, const struct keyed_window *keyed, uint64_t now_ns)
{
	return keyed->window.last_ns + window_span_ns(&set->shape) < now_ns;
}

static struct keyed_window *add(struct window_set *set, struct map_key key, uint64_t now_ns)
{
	struct keyed_window *keyed = TAILQ_LAST(&set->recent, keyed_windows);

	if (set->pool.count >= set->pool.max) {
		if (!is_idle(set, keyed, now_ns))
			set->evicted++;
		drop(set, keyed);
	}
	keyed = pool_take(&set->pool);
	if (!keyed)
		return NULL;
	keyed->key = key;
	keyed->serial = set->serial = set->serial == UINT32_MAX ? 1 : set->serial + 1;
	if (map_put(&set->map, key, keyed) < 0) {
		pool_give(&set->pool, keyed);
		return NULL;
	}
	TAILQ_INSERT_HEAD(&set->recent, keyed, order);
	return keyed;
}

struct keyed_window *window_set_get(struct window_set *set, struct map_key key, uint64_t now_ns)
{
	struct keyed_window *keyed = map_get(&set->map, key);

	if (!keyed)
		return add(set, key, now_ns);
	if (keyed != TAILQ_FIRST(&set->recent)) {
		TAILQ_REMOVE(&set->recent, keyed, order);
		TAILQ_INSERT_HEAD(&set->recent, keyed, order);
	}
	return keyed;
}

struct keyed_window *window_set_find(struct window_set *set, struct map_key key, uint64_t now_ns)
{
	struct keyed_window *keyed = map_get(&set->map, key);

	if (keyed)
		window_advance(&set->shape, &keyed->window, now_ns);
	return keyed;
}

bool window_set_due(
	const struct window_set *set, const struct keyed_window *keyed, double threshold)
{
	return threshold >= keyed->floor && window_over(&set->shape, &keyed->window, threshold);
}

void window_set_add(struct window_set *set, struct keyed_window *keyed, uint64_t time_ns)
{
	window_add(&set->shape, &keyed->window, time_ns);
	set->most = MAX(set->most, keyed->window.total);
}

void window_set_expire(struct window_set *set, uint64_t now_ns)
{
	struct keyed_window *oldest;

	while ((oldest = TAILQ_LAST(&set->recent, keyed_windows)) && is_idle(set, oldest, now_ns))
		drop(set, oldest);
}
