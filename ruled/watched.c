/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/watched.h"

#include <string.h>

#include "ruled/culprit.h"
#include "ruled/detector.h"
#include "ruled/rule_state.h"

#define WATCHED_PER_CHUNK 16
#define TREE_STEPS_MAX	  1000000 /* of one pass, adding up trees */
#define KIB_PER_MB	  1024.0

struct watched_set *watched_set_new(void)
{
	struct watched_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->map = (struct map)MAP_INIT(WATCHED_MAX);
	set->pool = (struct pool)POOL_INIT(
		sizeof(struct watched), WATCHED_PER_CHUNK, WATCHED_MAX);
	TAILQ_INIT(&set->all);
	return set;
}

void watched_set_free(struct watched_set *set)
{
	if (!set)
		return;
	map_done(&set->map);
	pool_done(&set->pool);
	free(set);
}

static void drop(struct watched_set *set, struct watched *watched)
{
	TAILQ_REMOVE(&set->all, watched, order);
	map_remove(&set->map, watched->key);
	pool_give(&set->pool, watched);
}

void watched_set_clear(struct watched_set *set)
{
	while (!TAILQ_EMPTY(&set->all))
		drop(set, TAILQ_FIRST(&set->all));
	memset(set->whole, 0, sizeof(set->whole));
	memset(set->killable, 0, sizeof(set->killable));
	memset(set->secs, 0, sizeof(set->secs));
	set->begun_ns = set->slot = 0;
}

double watched_sum(const double slots[WATCHED_SLOTS])
{
	double all = 0;

	for (unsigned i = 0; i < WATCHED_SLOTS; i++)
		all += slots[i];
	return all;
}

static void clear_slot(struct watched_set *set, unsigned slot)
{
	struct watched *watched;

	set->whole[slot] = set->killable[slot] = set->secs[slot] = 0;
	TAILQ_FOREACH (watched, &set->all, order)
		watched->used[slot] = 0;
}

static void drop_idle(struct watched_set *set)
{
	struct watched *watched, *next;

	for (watched = TAILQ_FIRST(&set->all); watched; watched = next) {
		next = TAILQ_NEXT(watched, order);
		if (watched_sum(watched->used) <= 0)
			drop(set, watched);
	}
}

static bool is_memory(const struct rule_def *rule)
{
	return rule->detector->resource == PRESSURE_MEMORY;
}

/* What is no longer within the grace period does not count; of memory only the newest pass does. */
static unsigned next_slot(struct watched_set *set, const struct rule_def *rule, uint64_t now_ns)
{
	uint64_t slot = now_ns / (rule->duration_secs * NSEC_PER_SEC / (WATCHED_SLOTS - 1));

	if (is_memory(rule)) {
		clear_slot(set, 0);
		return 0;
	}
	for (unsigned i = 1; i <= WATCHED_SLOTS && set->slot + i <= slot; i++)
		clear_slot(set, (set->slot + i) % WATCHED_SLOTS);
	set->slot = MAX(set->slot, slot);
	return set->slot % WATCHED_SLOTS;
}

static double own_use(const struct rule_def *rule, const struct process_entry *entry)
{
	return is_memory(rule) ? entry->usage.anon_kib / KIB_PER_MB
			       : usage_own(entry, rule->detector->gauge);
}

/* Who is past, and so is all below, stands behind its siblings and holds nothing. */
static struct process_entry *unless_past(struct process_entry *entry)
{
	return entry && !entry->past ? entry : NULL;
}

/* The next one of the tree of @root, over the dead; trees of managers in it are left out. */
static struct process_entry *next_in_tree(const struct level_pass *pass,
	const struct process_entry *root, struct process_entry *at)
{
	struct process_entry *next = unless_past(TAILQ_FIRST(&at->children));

	if (next && !lineage_excludes(at, pass->suite))
		return next;
	for (; at != root; at = at->parent)
		if ((next = unless_past(TAILQ_NEXT(at, siblings))))
			return next;
	return NULL;
}

static double tree_memory(const struct level_pass *pass, const struct rule_def *rule,
	struct process_entry *root, unsigned *steps)
{
	double all = 0;

	for (struct process_entry *at = root; at && *steps < TREE_STEPS_MAX; ++*steps) {
		if (!at->exited && !lineage_excludes(at, pass->suite))
			all += own_use(rule, at);
		at = next_in_tree(pass, root, at);
	}
	return all;
}

static double use_of(const struct level_pass *pass, const struct rule_def *rule,
	struct process_entry *entry, unsigned *steps)
{
	if (rule->action != ACTION_KILL_TREE)
		return own_use(rule, entry);
	return is_memory(rule) ? tree_memory(pass, rule, entry, steps)
			       : usage_tree(entry, rule->detector->gauge);
}

static struct watched *add(struct watched_set *set, const struct process_entry *entry)
{
	struct watched *watched = pool_take(&set->pool);

	if (watched && map_put(&set->map, culprit_key(0, entry), watched) < 0) {
		pool_give(&set->pool, watched);
		watched = NULL;
	}
	if (!watched) {
		set->refused++;
		return NULL;
	}
	watched->key = culprit_key(0, entry);
	TAILQ_INSERT_TAIL(&set->all, watched, order);
	return watched;
}

struct amounts {
	double whole, killable;
};

/* With what those have used that ended since the last pass. */
static struct amounts amounts_of(const struct level_pass *pass, const struct rule_def *rule)
{
	double living = 0, kept = 0, all;
	struct process_entry *entry;

	TAILQ_FOREACH (entry, &pass->table->live, order) {
		double own = own_use(rule, entry);

		living += own;
		kept += lineage_candidate(entry, pass->suite) ? 0 : own;
	}
	all = is_memory(rule) ? living : MAX(living, pass->host.at[rule->detector->gauge]);
	return (struct amounts){all, all - kept};
}

/* One look at all processes. */
struct watching {
	const struct level_pass *pass;
	struct rule_state *state;
	unsigned slot, steps;
	double secs;  /* that it stands for */
	double least; /* of those who have less, only who is watched already */
};

static void watch(struct watching *look, struct process_entry *entry)
{
	struct watched_set *set = look->state->watched;
	double use = use_of(look->pass, look->state->rule, entry, &look->steps);
	struct watched *watched;

	if (use <= 0)
		return;
	watched = map_get(&set->map, culprit_key(0, entry));
	if (!watched && use >= look->least) {
		watched = add(set, entry);
		if (watched && set->begun_ns == look->pass->table->pass.begin_ns)
			watched->first = use;
	}
	if (!watched)
		return;
	watched->used[look->slot] += use * look->secs;
	memcpy(watched->comm, entry->info.comm, sizeof(watched->comm));
}

static void watch_all(struct watching *look)
{
	const struct level_pass *pass = look->pass;
	struct watched_set *set = look->state->watched;
	struct amounts amounts = amounts_of(pass, look->state->rule);
	struct process_entry *entry;

	set->whole[look->slot] += amounts.whole * look->secs;
	set->killable[look->slot] += amounts.killable * look->secs;
	set->secs[look->slot] += look->secs;
	look->least = amounts.killable / WATCHED_MAX;
	TAILQ_FOREACH (entry, &pass->table->live, order)
		if (lineage_candidate(entry, pass->suite))
			watch(look, entry);
	set->blind = look->steps >= TREE_STEPS_MAX;
}

void watched_set_pass(const struct level_pass *pass, struct rule_state *state)
{
	uint64_t begin_ns = pass->table->pass.begin_ns, before_ns = pass->table->pass.before_ns;
	struct watched_set *set = state->watched;
	struct watching look = {.pass = pass, .state = state, .secs = 1};

	if (!pass->table->pass.whole)
		return;
	/* Without a pass before there are no rates. */
	if (!is_memory(state->rule)) {
		if (before_ns == 0 || before_ns >= begin_ns)
			return;
		look.secs = (double)(begin_ns - before_ns) / (double)NSEC_PER_SEC;
	}
	if (set->begun_ns == 0)
		set->begun_ns = begin_ns;
	look.slot = next_slot(set, state->rule, begin_ns);
	watch_all(&look);
	drop_idle(set);
}
