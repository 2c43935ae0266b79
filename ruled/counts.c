/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/counts.h"

#include <math.h>
#include <string.h>

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool counts_alike(const struct rule_def *a, const struct rule_def *b)
{
	struct window_shape x = detector_shape(a), y = detector_shape(b);

	return a->detector == b->detector && a->scope == b->scope && x.bucket_ns == y.bucket_ns &&
	       x.buckets == y.buckets && x.slice == y.slice &&
	       a->max_exec_duration_ms == b->max_exec_duration_ms &&
	       is_same_text(a->pattern, b->pattern);
}

static void free_counts(struct counts *counts)
{
	window_set_done(&counts->scoped);
	window_set_done(&counts->trees);
	free(counts->thresholds);
	free(counts->lives);
	free(counts);
}

static struct counts *make(uint64_t generation, const struct rule_def *rule)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return NULL;
	counts->rule = rule;
	counts->generation = generation;
	window_set_init(&counts->scoped, detector_shape(rule));
	window_set_init(&counts->trees, detector_shape(rule));
	if (rule->detector->keys & KEYS_EXEC_RATE) {
		counts->lives = calloc(1, sizeof(*counts->lives));
		if (!counts->lives) {
			free_counts(counts);
			return NULL;
		}
	}
	return counts;
}

struct counts *counts_get(
	struct counts_list *list, uint64_t generation, const struct rule_def *rule)
{
	struct counts *counts;
	double *room;

	LIST_FOREACH (counts, list, order)
		if (counts->generation == generation && counts_alike(counts->rule, rule))
			break;
	if (!counts) {
		counts = make(generation, rule);
		if (!counts)
			return NULL;
		LIST_INSERT_HEAD(list, counts, order);
	}
	/* Room for its threshold: joining cannot fail then. */
	counts->references++;
	room = realloc(counts->thresholds, counts->references * sizeof(*room));
	if (!room) {
		counts_drop(counts);
		return NULL;
	}
	counts->thresholds = room;
	return counts;
}

void counts_drop(struct counts *counts)
{
	if (!counts || --counts->references > 0)
		return;
	LIST_REMOVE(counts, order);
	free_counts(counts);
}

void counts_leave_all(struct counts *counts)
{
	counts->threshold_count = 0;
}

void counts_join(struct counts *counts, const struct rule_def *rule)
{
	unsigned at = counts->threshold_count++;

	counts->rule = rule;
	for (; at > 0 && counts->thresholds[at - 1] > rule->threshold; at--)
		counts->thresholds[at] = counts->thresholds[at - 1];
	counts->thresholds[at] = rule->threshold;
}

/* The lowest threshold that @keyed is not over. */
static double next_above(
	const struct counts *counts, const struct window_set *set, const struct keyed_window *keyed)
{
	for (unsigned i = 0; i < counts->threshold_count; i++)
		if (!window_over(&set->shape, &keyed->window, counts->thresholds[i]))
			return counts->thresholds[i];
	return INFINITY;
}

/*
 * A window over a threshold is looked at by the rules it concerns, and again only after a while,
 * but for those whose threshold it has come over since.
 */
static void let_look(struct counts *counts, const struct window_set *set,
	struct keyed_window *keyed, uint64_t now_ns)
{
	if (now_ns >= keyed->quiet_until_ns) {
		keyed->quiet_until_ns = now_ns + CULPRIT_QUIET_NS;
		keyed->floor = 0;
	} else {
		keyed->floor = keyed->next;
	}
	keyed->next = next_above(counts, set, keyed);
	counts->due |= keyed->next > keyed->floor;
}

static bool is_over(
	const struct window_set *set, const struct keyed_window *keyed, double threshold)
{
	return window_over(&set->shape, &keyed->window, threshold);
}

/* The scope's window of @key, counted in if @count says so. */
static struct keyed_window *see_window(struct counts *counts, struct window_set *set,
	struct map_key key, uint64_t now_ns, bool count)
{
	struct keyed_window *keyed = window_set_get(set, key, now_ns);

	if (!keyed)
		return NULL;
	if (count)
		window_set_add(set, keyed, now_ns);
	window_advance(&set->shape, &keyed->window, now_ns);
	if (is_over(set, keyed, counts->thresholds[0]))
		let_look(counts, set, keyed, now_ns);
	return keyed;
}

/* Events that no candidate answers for: known as a sum only. */
static void see_unattributed(struct counts *counts, const struct counts_event *seen, bool count)
{
	counts->unattributed = true;
	counts->scope = see_window(
		counts, &counts->scoped, (struct map_key){0, 0}, seen->event->time_ns, count);
}

/* From the top: a rule looks at the topmost that is over its threshold. */
static void see_tree(struct counts *counts, const struct counts_event *seen, bool count)
{
	const struct lineage *lineage = seen->lineage;
	double wanted = counts->thresholds[0];

	if (lineage->count == 0) {
		see_unattributed(counts, seen, count);
		return;
	}
	culprit_windows(&counts->trees, 0, lineage, seen->event->time_ns, count, &counts->lineage);
	for (unsigned top = lineage->count; top-- > 0 && wanted < INFINITY;) {
		struct keyed_window *keyed = counts->lineage.at[top];

		if (!keyed || !lineage_candidate(lineage->at[top], seen->suite) ||
			!is_over(&counts->trees, keyed, wanted))
			continue;
		let_look(counts, &counts->trees, keyed, seen->event->time_ns);
		wanted = keyed->next;
	}
}

static void see_process(struct counts *counts, const struct counts_event *seen, bool count)
{
	const struct lineage *lineage = seen->lineage;

	if (lineage->count == 0 || lineage->at[0] != seen->actor) {
		see_unattributed(counts, seen, count);
		return;
	}
	counts->lineage.at[0] = see_window(counts, &counts->trees, culprit_key(0, lineage->at[0]),
		seen->event->time_ns, count);
}

static const char *program_of(const struct process_entry *entry)
{
	return entry->exe ? entry->exe->data : entry->info.comm;
}

/* The scope's window an event belongs to. */
static struct map_key key_of(const struct rule_def *rule, const struct process_event *event)
{
	const struct process *info = &event->entry->info;
	struct map_key key = {0, 0};

	if (rule->detector->by_program)
		key.a = hash_bytes(program_of(event->entry), strlen(program_of(event->entry)));
	if (rule->scope == SCOPE_CGROUP)
		key.b = info->cgroup;
	if (rule->scope == SCOPE_USER)
		key.b = info->uid;
	return key;
}

static void see_scope(struct counts *counts, const struct counts_event *seen, bool count)
{
	counts->scope_key = key_of(counts->rule, seen->event);
	counts->scope = see_window(
		counts, &counts->scoped, counts->scope_key, seen->event->time_ns, count);
	if (counts->scope && count && !counts->rule->detector->names_last)
		culprit_windows(&counts->trees, counts->scope->serial, seen->lineage,
			seen->event->time_ns, true, &counts->lineage);
}

static void (*const SEES[SCOPE_COUNT])(
	struct counts *counts, const struct counts_event *seen, bool count) = {
	[SCOPE_HOST] = see_scope,
	[SCOPE_TREE] = see_tree,
	[SCOPE_PROCESS] = see_process,
	[SCOPE_CGROUP] = see_scope,
	[SCOPE_USER] = see_scope,
};

static void see(struct counts *counts, const struct counts_event *seen)
{
	enum look look = counts->rule->detector->look(counts->rule, counts->lives, seen->event);

	counts->due = counts->unattributed = false;
	counts->scope = NULL;
	if (look != LOOK_AWAY)
		SEES[counts->rule->scope](counts, seen, look == LOOK_COUNT);
}

bool counts_see_all(struct counts_list *list, const struct counts_event *seen)
{
	struct counts *counts;
	bool due = false;

	LIST_FOREACH (counts, list, order) {
		counts->due = false;
		if (!(counts->rule->detector->changes & 1U << seen->event->change))
			continue;
		see(counts, seen);
		due |= counts->due;
	}
	return due;
}
