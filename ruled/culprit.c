/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/culprit.h"

struct map_key culprit_key(uint32_t serial, const struct process_entry *entry)
{
	return (struct map_key){(uint64_t)serial << 32 | entry->info.tgid, entry->info.start_ns};
}

void culprit_count(const struct culprit_search *search, const struct lineage *lineage, uint64_t time_ns)
{
	for (unsigned i = 0; i < lineage->count; i++) {
		struct keyed_window *keyed = window_set_get(
			search->trees, culprit_key(search->serial, lineage->at[i]), search->now_ns);

		if (keyed)
			window_add(&search->trees->shape, &keyed->window, time_ns);
	}
}

static struct keyed_window *tree_of(const struct culprit_search *search, const struct process_entry *entry)
{
	return window_set_find(search->trees, culprit_key(search->serial, entry), search->now_ns);
}

/* At least 80 %. */
static bool holds_most(const struct keyed_window *keyed, uint64_t total)
{
	return keyed && keyed->window.total > 0 && keyed->window.total * 5 >= total * 4;
}

static bool is_older(const struct process_entry *a, const struct process_entry *b)
{
	if (a->info.start_ns != b->info.start_ns)
		return a->info.start_ns < b->info.start_ns;
	return a->info.tgid < b->info.tgid;
}

/* The process of a tree window if it holds most of @total and lives below @above (NULL: anywhere). */
static struct process_entry *holder(const struct culprit_search *search, struct keyed_window *keyed,
	const struct process_entry *above, uint64_t total)
{
	struct process_entry *entry;

	if (keyed->key.a >> 32 != search->serial || !holds_most(keyed, total))
		return NULL;
	window_advance(&search->trees->shape, &keyed->window, search->now_ns);
	if (!holds_most(keyed, total))
		return NULL;
	entry = process_table_find(search->table, (uint32_t)keyed->key.a, keyed->key.b);
	if (!entry || entry == above || !lineage_candidate(entry, search->suite))
		return NULL;
	return !above || lineage_has(entry, above, search->suite) ? entry : NULL;
}

/*
 * Whoever holds most of a total stands in one line with all others who do, since two trees side by
 * side cannot both hold 80 %. The one with the most, then the oldest, is the topmost of the line.
 */
static struct culprit topmost(const struct culprit_search *search, const struct process_entry *above,
	uint64_t total)
{
	struct culprit best = {NULL, NULL};
	struct keyed_window *keyed;

	TAILQ_FOREACH(keyed, &search->trees->recent, order) {
		struct process_entry *entry = holder(search, keyed, above, total);

		if (!entry)
			continue;
		if (!best.entry || keyed->window.total > best.window->window.total ||
			(keyed->window.total == best.window->window.total && is_older(entry, best.entry)))
			best = (struct culprit){entry, keyed};
	}
	return best;
}

static struct culprit descend(const struct culprit_search *search, struct culprit from)
{
	for (unsigned depth = 0; from.entry && depth < LINEAGE_MAX; depth++) {
		struct culprit next = topmost(search, from.entry, from.window->window.total);

		if (!next.entry)
			break;
		from = next;
	}
	return from;
}

struct culprit culprit_below(const struct culprit_search *search, const struct lineage *lineage,
	unsigned top)
{
	struct culprit found = {lineage->at[top], tree_of(search, lineage->at[top])};

	/* The way to the process that acted is the likely one, and cheap. */
	while (found.window && top > 0) {
		struct process_entry *entry = lineage->at[--top];
		struct keyed_window *keyed = tree_of(search, entry);

		if (!holds_most(keyed, found.window->window.total))
			break;
		if (lineage_candidate(entry, search->suite))
			found = (struct culprit){entry, keyed};
	}
	return found.window ? descend(search, found) : (struct culprit){NULL, NULL};
}

struct culprit culprit_of(const struct culprit_search *search, uint64_t total)
{
	return descend(search, topmost(search, NULL, total));
}
