/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/level.h"

#include "ruled/culprit.h"
#include "ruled/detector.h"
#include "ruled/rule_state.h"

#define HOLDS_PER_CHUNK 8
#define STEPS_MAX	256 /* up or down a tree */
#define MOST		0.8 /* of a value: whoever has it is to blame */
/* The sampling timer may be off by this much: D samples later is D seconds later. */
#define SLACK_NS (20 * NSEC_PER_MSEC)

static const struct map_key HOST_KEY = {UINT64_MAX, 0};

void hold_set_init(struct hold_set *set)
{
	*set = (struct hold_set){
		.map = MAP_INIT(HOLDS_MAX),
		.pool = POOL_INIT(sizeof(struct hold), HOLDS_PER_CHUNK, HOLDS_MAX),
	};
	TAILQ_INIT(&set->all);
}

void hold_set_done(struct hold_set *set)
{
	map_done(&set->map);
	pool_done(&set->pool);
	TAILQ_INIT(&set->all);
}

static void drop(struct hold_set *set, struct hold *hold)
{
	TAILQ_REMOVE(&set->all, hold, order);
	map_remove(&set->map, hold->key);
	pool_give(&set->pool, hold);
}

void hold_set_clear(struct hold_set *set)
{
	while (!TAILQ_EMPTY(&set->all))
		drop(set, TAILQ_FIRST(&set->all));
	set->next = NULL;
}

static struct hold *find(const struct hold_set *set, const struct process_entry *entry)
{
	return map_get(&set->map, culprit_key(0, entry));
}

static struct hold *obtain(struct hold_set *set, struct map_key key, uint64_t since_ns)
{
	struct hold *hold = map_get(&set->map, key);

	if (hold)
		return hold;
	hold = pool_take(&set->pool);
	if (hold && map_put(&set->map, key, hold) < 0) {
		pool_give(&set->pool, hold);
		hold = NULL;
	}
	if (!hold) {
		set->refused++;
		return NULL;
	}
	hold->key = key;
	hold->since_ns = since_ns;
	TAILQ_INSERT_TAIL(&set->all, hold, order);
	return hold;
}

static void add_sample(
	const struct level_pass *pass, struct hold *hold, struct process_entry *entry, double value)
{
	hold->entry = entry;
	hold->value = value;
	hold->sum += value;
	hold->samples++;
	hold->explained = 0;
	hold->pass = pass->number;
	if (entry)
		series_recent_add(&hold->recent, pass->begin_ns, value);
}

/* Of the measured values @value is too much. */
static bool is_over(const struct rule_def *rule, double value)
{
	return rule->detector->breaker ? value >= rule->threshold : value > rule->threshold;
}

double level_value(const struct rule_def *rule, const struct process_entry *entry)
{
	enum gauge gauge = rule->detector->gauge;

	return rule->scope == SCOPE_TREE ? usage_tree(entry, gauge) : usage_own(entry, gauge);
}

/* A rate is that of the time before the sample; a level is known from the sample on. */
static uint64_t began(const struct level_pass *pass, const struct rule_def *rule,
	const struct process_entry *entry)
{
	enum gauge gauge = rule->detector->gauge;

	return gauge == GAUGE_CPU || gauge == GAUGE_IO || gauge == GAUGE_CONNECTS
		       ? MAX(pass->before_ns, entry->info.start_ns)
		       : pass->begin_ns;
}

void level_see(const struct level_pass *pass, struct rule_state *state, struct process_entry *entry)
{
	const struct rule_def *rule = state->rule;
	double value = level_value(rule, entry);
	struct hold *hold;

	if (!is_over(rule, value) || (rule->detector->both && !usage_both_busy(entry)) ||
		!lineage_candidate(entry, pass->suite))
		return;
	hold = obtain(&state->holds, culprit_key(0, entry), began(pass, rule, entry));
	if (hold)
		add_sample(pass, hold, entry, value);
}

void level_see_host(const struct level_pass *pass, struct rule_state *state, double value)
{
	struct hold *hold;

	state->holds.host_value = value;
	series_recent_add(&state->holds.host, pass->begin_ns, value);
	if (!is_over(state->rule, value))
		return;
	hold = obtain(&state->holds, HOST_KEY, pass->begin_ns);
	if (hold)
		add_sample(pass, hold, NULL, value);
}

static bool is_told_active(const struct rule_state *state, const struct process_entry *entry)
{
	const struct firing *told = firing_set_find(&state->firings, culprit_key(0, entry));

	return told && told->active;
}

/* What the culprit of @told uses is no news of those above it, up to the next that was told. */
static void explain(
	const struct level_pass *pass, struct rule_state *state, const struct firing *told)
{
	struct process_entry *entry =
		process_table_find(pass->table, (uint32_t)told->culprit.a, told->culprit.b);
	double value;

	if (!told->active || told->culprit.a > UINT32_MAX || !entry || entry->exited)
		return;
	value = level_value(state->rule, entry);
	for (unsigned steps = 0; entry->parent && steps < STEPS_MAX; steps++) {
		struct hold *hold;

		if (lineage_excludes(entry, pass->suite))
			return;
		entry = entry->parent;
		hold = find(&state->holds, entry);
		if (hold)
			hold->explained += value;
		if (is_told_active(state, entry))
			return;
	}
}

static bool is_ripe(const struct level_pass *pass, const struct rule_def *rule, uint64_t since_ns)
{
	return pass->begin_ns + SLACK_NS >= since_ns + rule->duration_secs * NSEC_PER_SEC;
}

void level_settle(const struct level_pass *pass, struct rule_state *state)
{
	const struct rule_def *rule = state->rule;
	const struct firing *told;
	struct hold *hold, *next;

	if (rule->scope == SCOPE_TREE)
		TAILQ_FOREACH (told, &state->firings.told, order)
			explain(pass, state, told);
	for (hold = TAILQ_FIRST(&state->holds.all); hold; hold = next) {
		next = TAILQ_NEXT(hold, order);
		if (hold->pass != pass->number ||
			!is_over(rule, hold->value - hold->explained))
			drop(&state->holds, hold);
		else
			hold->ripe = is_ripe(pass, rule, hold->since_ns);
	}
	state->holds.next = TAILQ_FIRST(&state->holds.all);
}

static double tree_value(
	const struct hold_set *set, const struct process_entry *entry, enum gauge gauge)
{
	const struct hold *hold = set ? find(set, entry) : NULL;

	return usage_tree(entry, gauge) - (hold ? hold->explained : 0);
}

/* The candidate right below @entry that has most of @value, over the dead in between. */
static struct process_entry *step_down(const struct level_pass *pass, const struct hold_set *set,
	struct process_entry *entry, double value, enum gauge gauge)
{
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		struct process_entry *child;

		TAILQ_FOREACH (child, &entry->children, siblings)
			if (child->past || (!lineage_excludes(child, pass->suite) &&
						   tree_value(set, child, gauge) >= MOST * value))
				break;
		if (!child || child->past)
			return NULL;
		if (lineage_candidate(child, pass->suite))
			return child;
		entry = child;
	}
	return NULL;
}

enum step { STEP_STAY, STEP_DOWN, STEP_WAIT };

/*
 * Whether @child is to blame for what @above has done: only if it did so all the time. If it was
 * there and has come over the threshold a little later it will be ripe soon.
 */
static enum step judge(const struct level_pass *pass, struct rule_state *state,
	const struct hold *above, const struct process_entry *child)
{
	const struct hold *hold = find(&state->holds, child);
	uint64_t duration_ns = state->rule->duration_secs * NSEC_PER_SEC;
	/* Give or take a pass: it is seen by the next one only, and may have begun in between. */
	bool older = child->info.start_ns <=
		     above->since_ns + (pass->begin_ns - MIN(pass->before_ns, pass->begin_ns));

	if (hold && hold->ripe)
		return STEP_DOWN;
	if (state->rule->detector->both)
		return STEP_STAY;
	if (!hold)
		return older ? STEP_DOWN : STEP_STAY;
	return older && pass->begin_ns < above->since_ns + 2 * duration_ns ? STEP_WAIT : STEP_STAY;
}

/* From the topmost hold to who is to blame. False: too early to say. */
static bool descend(
	const struct level_pass *pass, struct rule_state *state, struct level_find *found)
{
	enum gauge gauge = state->rule->detector->gauge;
	double value = found->decider->value - found->decider->explained;

	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		struct process_entry *child =
			step_down(pass, &state->holds, found->culprit, value, gauge);
		enum step step = child ? judge(pass, state, found->decider, child) : STEP_STAY;

		if (step != STEP_DOWN)
			return step == STEP_STAY;
		found->culprit = child;
		value = tree_value(&state->holds, child, gauge);
		if (find(&state->holds, child))
			found->decider = find(&state->holds, child);
	}
	return true;
}

static bool is_topmost(
	const struct level_pass *pass, const struct rule_state *state, const struct hold *hold)
{
	struct process_entry *entry = hold->entry;

	for (unsigned steps = 0; entry->parent && steps < STEPS_MAX; steps++) {
		const struct hold *above;

		if (lineage_excludes(entry, pass->suite))
			return true;
		entry = entry->parent;
		above = find(&state->holds, entry);
		if (above && above->ripe)
			return false;
	}
	return true;
}

/* Who has most of what the whole host uses, and of that in turn. */
static struct process_entry *host_culprit(const struct level_pass *pass, enum gauge gauge)
{
	struct process_entry *entry, *next, *best = NULL;
	double total = pass->host.at[gauge], most = 0;

	TAILQ_FOREACH (entry, &pass->table->live, order) {
		double value = usage_tree(entry, gauge);

		if (value <= most || value < MOST * total || !lineage_candidate(entry, pass->suite))
			continue;
		best = entry;
		most = value;
	}
	for (unsigned steps = 0; best && steps < STEPS_MAX; steps++) {
		next = step_down(pass, NULL, best, usage_tree(best, gauge), gauge);
		if (!next)
			break;
		best = next;
	}
	return best;
}

static bool look(const struct level_pass *pass, struct rule_state *state, struct hold *hold,
	struct level_find *found)
{
	*found = (struct level_find){.decider = hold, .culprit = hold->entry};
	if (!hold->ripe)
		return false;
	if (!hold->entry && !state->watched)
		found->culprit = host_culprit(pass, state->rule->detector->gauge);
	else if (state->rule->scope == SCOPE_TREE &&
		 (!is_topmost(pass, state, hold) || !descend(pass, state, found)))
		return false;
	hold = found->decider;
	found->since_ns = hold->since_ns;
	found->series.recent = hold->entry ? &hold->recent : &state->holds.host;
	found->value = hold->sum / hold->samples;
	if (!state->rule->detector->mean)
		found->value = hold->value;
	found->own = found->value;
	if (found->culprit != hold->entry && state->rule->detector->kind != DETECT_PRESSURE &&
		found->culprit)
		found->own = usage_tree(found->culprit, state->rule->detector->gauge);
	return true;
}

bool level_next(const struct level_pass *pass, struct rule_state *state, struct level_find *found)
{
	while (state->holds.next) {
		struct hold *hold = state->holds.next;

		state->holds.next = TAILQ_NEXT(hold, order);
		if (look(pass, state, hold, found))
			return true;
	}
	return false;
}
