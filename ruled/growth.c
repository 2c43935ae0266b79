/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/growth.h"

#include <assert.h>
#include <string.h>

#define GROWTHS_MAX	  4096 /* of one rule */
#define GROWTHS_PER_CHUNK 8
#define STEPS		  16 /* of a window, at most */
#define WORTH_FOLLOWING	  16 /* parts of the threshold: less memory than one cannot matter yet */
#define KIB_PER_MB	  1024.0

void growth_set_init(struct growth_set *set, uint32_t window_secs, double threshold_mb)
{
	*set = (struct growth_set){
		.window_ns = window_secs * NSEC_PER_SEC,
		.threshold_mb = threshold_mb,
		.map = MAP_INIT(GROWTHS_MAX),
		.pool = POOL_INIT(sizeof(struct growth), GROWTHS_PER_CHUNK, GROWTHS_MAX),
	};
	TAILQ_INIT(&set->recent);
}

void growth_set_done(struct growth_set *set)
{
	map_done(&set->map);
	pool_done(&set->pool);
	TAILQ_INIT(&set->recent);
}

struct growth_set *growth_set_get(
	struct growth_sets *sets, uint64_t generation, uint32_t window_secs, double threshold_mb)
{
	uint64_t window_ns = window_secs * NSEC_PER_SEC;
	struct growth_set *set;

	LIST_FOREACH (set, sets, order)
		if (set->generation == generation && set->window_ns == window_ns &&
			set->threshold_mb == threshold_mb)
			break;
	if (!set) {
		set = malloc(sizeof(*set));
		if (!set)
			return NULL;
		growth_set_init(set, window_secs, threshold_mb);
		set->generation = generation;
		LIST_INSERT_HEAD(sets, set, order);
	}
	set->references++;
	return set;
}

void growth_set_drop(struct growth_set *set)
{
	if (!set || --set->references > 0)
		return;
	LIST_REMOVE(set, order);
	growth_set_done(set);
	free(set);
}

static void drop(struct growth_set *set, struct growth *growth)
{
	TAILQ_REMOVE(&set->recent, growth, order);
	map_remove(&set->map, growth->key);
	pool_give(&set->pool, growth);
}

void growth_set_clear(struct growth_set *set)
{
	while (!TAILQ_EMPTY(&set->recent))
		drop(set, TAILQ_FIRST(&set->recent));
	set->first_ns = 0;
	set->passes = 0;
}

void growth_expire(struct growth_set *set, uint64_t now_ns)
{
	struct growth *oldest;

	while ((oldest = TAILQ_LAST(&set->recent, growth_list)) &&
		oldest->rose_ns + set->window_ns < now_ns)
		drop(set, oldest);
}

static struct growth *add(struct growth_set *set, struct map_key key)
{
	struct growth *growth;

	if (set->pool.count >= set->pool.max) {
		drop(set, TAILQ_LAST(&set->recent, growth_list));
		set->evicted++;
	}
	growth = pool_take(&set->pool);
	if (!growth)
		return NULL;
	growth->key = key;
	if (map_put(&set->map, key, growth) < 0) {
		pool_give(&set->pool, growth);
		return NULL;
	}
	TAILQ_INSERT_HEAD(&set->recent, growth, order);
	return growth;
}

/* Of two points closer than a step the newer replaces the other. */
static void add_point(
	const struct growth_set *set, struct growth *growth, uint64_t time_ns, uint64_t kib)
{
	unsigned count = growth->count;

	if (count >= 2 && growth->at[count - 1].time_ns <
				  growth->at[count - 2].time_ns + set->window_ns / STEPS)
		count--;
	if (count == GROWTH_POINTS) {
		memmove(growth->at, growth->at + 1, sizeof(growth->at) - sizeof(growth->at[0]));
		count--;
	}
	growth->at[count] = (struct growth_point){time_ns, kib};
	growth->count = count + 1;
}

static bool is_rising(const struct growth *growth)
{
	const struct growth_point *newest = &growth->at[growth->count - 1];

	return growth->count > 1 && newest->kib > newest[-1].kib;
}

/* The points of the first @passes passes, in which it has not changed if they are not in it yet. */
static void catch_up(const struct growth_set *set, struct growth *growth, uint32_t passes)
{
	uint64_t kib = growth->at[growth->count - 1].kib;

	for (; growth->passes < passes; growth->passes++)
		add_point(set, growth, set->pass_ns[growth->passes], kib);
}

void growth_begin(struct growth_set *set, uint64_t now_ns)
{
	struct growth *growth;

	if (set->first_ns == 0)
		set->first_ns = now_ns;
	if (set->passes == GROWTH_PASSES) {
		TAILQ_FOREACH (growth, &set->recent, order) {
			catch_up(set, growth, set->passes);
			growth->passes = 0;
		}
		set->passes = 0;
	}
	set->pass_ns[set->passes++] = now_ns;
}

/* What it had at @time_ns, between the points around; before the first as then. */
static double kib_at(const struct growth *growth, uint64_t time_ns)
{
	const struct growth_point *before = growth->at, *after = growth->at;

	for (unsigned i = 0; i < growth->count && after->time_ns < time_ns; i++) {
		before = after;
		after = &growth->at[i];
	}
	if (after->time_ns <= time_ns || after->time_ns == before->time_ns)
		return (double)after->kib;
	return (double)before->kib + ((double)after->kib - (double)before->kib) *
					     (double)(time_ns - before->time_ns) /
					     (double)(after->time_ns - before->time_ns);
}

/* How the memory moved within the window. */
struct course {
	double growth;	    /* KiB */
	double largest;	    /* step */
	double fallen;	    /* all steps down */
	double newest;	    /* of it, in the last quarter of the window */
	uint64_t rising_ns; /* time in which it rose */
	bool rising;	    /* in the newest step */
};

static struct course course_of(const struct growth_set *set, const struct growth *growth)
{
	uint64_t now_ns = growth->at[growth->count - 1].time_ns;
	uint64_t from_ns = now_ns - MIN(set->window_ns, now_ns);
	double kib = kib_at(growth, from_ns);
	double newest = (double)growth->at[growth->count - 1].kib;
	struct course course = {.growth = newest - kib,
		.newest = newest - kib_at(growth, now_ns - (now_ns - from_ns) / 4)};

	for (unsigned i = 0; i < growth->count; i++) {
		const struct growth_point *point = &growth->at[i];

		if (point->time_ns <= from_ns)
			continue;
		course.rising = (double)point->kib > kib;
		course.largest = MAX(course.largest, (double)point->kib - kib);
		course.fallen += MAX(kib - (double)point->kib, 0);
		if (course.rising && i > 0)
			course.rising_ns +=
				point->time_ns - MAX(from_ns, growth->at[i - 1].time_ns);
		kib = (double)point->kib;
	}
	return course;
}

/*
 * A leak rises during most of the window, hardly ever falls, is still rising (by half of its pace
 * at least), and no single step is most of it. Who has just started, or is known for less than the
 * window, has no past to tell from.
 */
static bool is_gradual(const struct growth_set *set, const struct process_entry *entry,
	uint64_t now_ns, const struct course *course)
{
	return course->rising && 2 * course->rising_ns > set->window_ns &&
	       2 * course->largest <= course->growth && 2 * course->fallen <= course->growth &&
	       8 * course->newest >= course->growth &&
	       entry->info.start_ns + set->window_ns <= now_ns &&
	       set->first_ns + set->window_ns <= now_ns;
}

static double to_mb(double growth_kib)
{
	return growth_kib > 0 ? growth_kib / KIB_PER_MB : 0;
}

static struct growth *follow(struct growth_set *set, const struct process_entry *entry,
	struct map_key key, uint64_t before_ns)
{
	const struct process_usage *usage = &entry->usage;
	struct growth *growth;

	if (usage->anon_kib <= usage->anon_before_kib ||
		usage->anon_kib < set->threshold_mb * KIB_PER_MB / WORTH_FOLLOWING)
		return NULL;
	growth = add(set, key);
	if (!growth)
		return NULL;
	add_point(set, growth, before_ns, usage->anon_before_kib);
	growth->passes = set->passes - 1;
	return growth;
}

const struct growth *growth_see(struct growth_set *set, struct process_entry *entry,
	uint64_t now_ns, uint64_t before_ns)
{
	const struct map_key key = {entry->info.tgid, entry->info.start_ns};
	struct growth *growth = map_get(&set->map, key);
	struct course course;

	assert(set->passes > 0);
	if (!growth)
		growth = follow(set, entry, key, before_ns);
	if (!growth)
		return NULL;
	catch_up(set, growth, set->passes - 1);
	growth->passes = set->passes;
	if (entry->usage.anon_kib > growth->at[growth->count - 1].kib) {
		growth->rose_ns = now_ns;
		TAILQ_REMOVE(&set->recent, growth, order);
		TAILQ_INSERT_HEAD(&set->recent, growth, order);
	}
	add_point(set, growth, now_ns, entry->usage.anon_kib);
	entry->growth = MAX(entry->growth, is_rising(growth) ? GROWTH_RISING : GROWTH_FOLLOWED);
	/* Most of those who are followed are no harm: still, or too small whatever they do. */
	if (!is_rising(growth) || entry->usage.anon_kib < set->threshold_mb * KIB_PER_MB)
		return NULL;
	course = course_of(set, growth);
	growth->value_mb = to_mb(course.growth);
	return growth->value_mb > set->threshold_mb && is_gradual(set, entry, now_ns, &course)
		       ? growth
		       : NULL;
}

double growth_value(struct growth_set *set, struct map_key key)
{
	struct growth *growth = map_get(&set->map, key);

	if (!growth)
		return 0;
	catch_up(set, growth, set->passes);
	return to_mb(course_of(set, growth).growth);
}
