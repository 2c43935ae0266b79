/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/culprit.h"

static const struct culprit NOBODY = {NULL, NULL, NULL};

struct map_key culprit_key(uint32_t serial, const struct process_entry *entry)
{
	return (struct map_key){(uint64_t)serial << 32 | entry->info.tgid, entry->info.start_ns};
}

void culprit_windows(struct window_set *set, uint32_t serial, const struct lineage *lineage,
	uint64_t time_ns, bool count, struct culprit_trees *trees)
{
	for (unsigned i = 0; i < lineage->count; i++) {
		struct map_key key = culprit_key(serial, lineage->at[i]);

		trees->at[i] = count ? window_set_get(set, key, time_ns)
				     : window_set_find(set, key, time_ns);
		if (count && trees->at[i])
			window_set_add(set, trees->at[i], time_ns);
	}
}

static uint64_t weight_of(const struct culprit_search *search, const struct keyed_window *keyed)
{
	return window_weight(&search->trees->shape, &keyed->window);
}

static bool is_over(const struct culprit_search *search, const struct keyed_window *keyed)
{
	return window_over(&search->trees->shape, &keyed->window, search->threshold);
}

static bool is_most(uint64_t part, uint64_t whole)
{
	return part > 0 && part * 5 >= whole * 4;
}

static bool is_older(const struct process_entry *a, const struct process_entry *b)
{
	if (a->info.start_ns != b->info.start_ns)
		return a->info.start_ns < b->info.start_ns;
	return a->info.tgid < b->info.tgid;
}

/*
 * The process of a tree window if it holds most of @weight and lives below @above (NULL: anywhere).
 */
static struct process_entry *holder(const struct culprit_search *search, struct keyed_window *keyed,
	const struct process_entry *above, uint64_t weight)
{
	struct process_entry *entry;

	/* The total, not yet advanced, bounds the weight and is at hand. */
	if (keyed->key.a >> 32 != search->serial || !is_most(keyed->window.total, weight))
		return NULL;
	window_advance(&search->trees->shape, &keyed->window, search->now_ns);
	if (!is_most(weight_of(search, keyed), weight))
		return NULL;
	entry = process_table_find(search->table, (uint32_t)keyed->key.a, keyed->key.b);
	if (!entry || entry == above || !lineage_candidate(entry, search->suite))
		return NULL;
	return !above || lineage_has(entry, above, search->suite) ? entry : NULL;
}

static struct culprit step_to(const struct culprit_search *search, struct culprit from,
	struct process_entry *entry, struct keyed_window *keyed)
{
	return (struct culprit){entry, keyed, is_over(search, keyed) ? keyed : from.decider};
}

/*
 * Whoever holds most of a weight stands in one line with all others who do, since two trees side by
 * side cannot both hold 80 %. The one with the most, then the oldest, is the topmost of the line.
 */
static struct culprit topmost_below(
	const struct culprit_search *search, struct culprit from, uint64_t weight)
{
	struct process_entry *best = NULL;
	struct keyed_window *keyed, *window = NULL;
	uint64_t most = 0, total = 0;

	/* Mostly nobody can: then there is no need to look at all of them. */
	if (!is_most(search->trees->most, weight))
		return NOBODY;
	TAILQ_FOREACH (keyed, &search->trees->recent, order) {
		struct process_entry *entry = holder(search, keyed, from.entry, weight);
		uint64_t holds = entry ? weight_of(search, keyed) : 0;

		total = MAX(total, keyed->window.total);
		if (!entry || holds < most || (holds == most && best && is_older(best, entry)))
			continue;
		best = entry;
		window = keyed;
		most = holds;
	}
	search->trees->most = total;
	return best ? step_to(search, from, best, window) : NOBODY;
}

static struct culprit descend(const struct culprit_search *search, struct culprit from)
{
	for (unsigned depth = 0; from.entry && depth < LINEAGE_MAX; depth++) {
		struct culprit next = topmost_below(search, from, weight_of(search, from.window));

		if (!next.entry)
			break;
		from = next;
	}
	return from;
}

struct culprit culprit_of(const struct culprit_search *search, uint64_t weight)
{
	return descend(search, topmost_below(search, NOBODY, weight));
}

/* The way to the process that acted is the likely one, and cheap; then anywhere below. */
static struct culprit below(const struct culprit_search *search, const struct lineage *lineage,
	const struct culprit_trees *trees, unsigned top)
{
	struct culprit found = {lineage->at[top], trees->at[top], trees->at[top]};

	while (top > 0) {
		struct process_entry *entry = lineage->at[--top];
		struct keyed_window *keyed = trees->at[top];

		if (!keyed || !is_most(weight_of(search, keyed), weight_of(search, found.window)))
			break;
		if (lineage_candidate(entry, search->suite))
			found = step_to(search, found, entry, keyed);
	}
	return descend(search, found);
}

struct culprit culprit_in(const struct culprit_search *search, const struct lineage *lineage,
	const struct culprit_trees *trees)
{
	for (unsigned top = lineage->count; top-- > 0;) {
		struct keyed_window *keyed = trees->at[top];

		if (!keyed || !lineage_candidate(lineage->at[top], search->suite) ||
			!is_over(search, keyed))
			continue;
		if (!window_set_due(search->trees, keyed, search->threshold))
			return NOBODY;
		return below(search, lineage, trees, top);
	}
	return NOBODY;
}

/* True if one of @told is the tree of @entry or in it. */
static bool holds_told(const struct culprit_search *search, const struct process_entry *entry,
	const struct map_key *told, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct process_entry *other =
			process_table_find(search->table, (uint32_t)told[i].a, told[i].b);

		if (other && lineage_has(other, entry, search->suite))
			return true;
	}
	return false;
}

struct culprit culprit_of_rest(const struct culprit_search *search, const struct process_entry *above,
	uint64_t rest, const struct map_key *told, size_t count)
{
	struct process_entry *best = NULL;
	struct keyed_window *keyed, *window = NULL;
	uint64_t most = 0;

	TAILQ_FOREACH (keyed, &search->trees->recent, order) {
		struct process_entry *entry = holder(search, keyed, above, rest);

		if (!entry || weight_of(search, keyed) <= most ||
			holds_told(search, entry, told, count))
			continue;
		best = entry;
		window = keyed;
		most = weight_of(search, keyed);
	}
	return best ? descend(search, (struct culprit){best, window, window}) : NOBODY;
}

bool culprit_ripens(const struct culprit_search *search, const struct culprit *culprit)
{
	const struct window_shape *shape = &search->trees->shape;
	const struct window *window = &culprit->window->window;

	if (shape->slice == 0 || culprit->window == culprit->decider)
		return false;
	return !window_full(shape, window) ||
	       (double)window_weight(shape, window) > search->threshold;
}
