/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/firing.h"

#define FIRINGS_PER_CHUNK 8

void firing_set_init(struct firing_set *set)
{
	*set = (struct firing_set){
		.map = MAP_INIT(FIRINGS_MAX),
		.pool = POOL_INIT(sizeof(struct firing), FIRINGS_PER_CHUNK, FIRINGS_MAX),
	};
	TAILQ_INIT(&set->told);
}

void firing_set_done(struct firing_set *set)
{
	map_done(&set->map);
	pool_done(&set->pool);
	TAILQ_INIT(&set->told);
}

struct firing *firing_set_find(const struct firing_set *set, struct map_key culprit)
{
	return map_get(&set->map, culprit);
}

void firing_set_remove(struct firing_set *set, struct firing *firing)
{
	TAILQ_REMOVE(&set->told, firing, order);
	map_remove(&set->map, firing->culprit);
	pool_give(&set->pool, firing);
}

void firing_seen(struct firing *firing)
{
	firing->active = true;
	firing->adopted = false;
}

static struct firing *add(struct firing_set *set, struct map_key culprit)
{
	struct firing *firing;

	if (set->pool.count >= set->pool.max)
		firing_set_remove(set, TAILQ_FIRST(&set->told));
	firing = pool_take(&set->pool);
	if (!firing)
		return NULL;
	if (map_put(&set->map, culprit, firing) < 0) {
		pool_give(&set->pool, firing);
		return NULL;
	}
	firing->culprit = culprit;
	TAILQ_INSERT_TAIL(&set->told, firing, order);
	return firing;
}

struct firing *firing_set_tell(struct firing_set *set, struct map_key culprit, uint64_t now_ns)
{
	struct firing *firing = firing_set_find(set, culprit);

	if (!firing)
		firing = add(set, culprit);
	if (!firing)
		return NULL;
	firing_seen(firing);
	firing->told_ns = now_ns;
	TAILQ_REMOVE(&set->told, firing, order);
	TAILQ_INSERT_TAIL(&set->told, firing, order);
	return firing;
}

struct firing *firing_set_adopt(struct firing_set *set, struct map_key culprit, uint64_t told_ns)
{
	struct firing *firing = set->pool.count < FIRINGS_MAX / 2 ? add(set, culprit) : NULL;

	if (!firing)
		return NULL;
	firing->told_ns = told_ns;
	firing->adopted = true;
	return firing;
}

unsigned firing_set_active(const struct firing_set *set)
{
	const struct firing *firing;
	unsigned active = 0;

	TAILQ_FOREACH (firing, &set->told, order)
		active += firing->active && (firing->alert != 0 || firing->incident.serial != 0);
	return active;
}
