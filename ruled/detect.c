/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/detect.h"

#include <stdio.h>
#include <string.h>

#include "ruled/culprit.h"
#include "ruled/telling.h"

#define TOLD_MAX 64 /* told culprits looked at to explain a count */

/* A rule that has just seen an event. */
struct scene {
	struct detect *detect;
	struct rule_state *state;
	const struct process_event *event;
	struct finding *finding;
	struct counts *counts; /* has seen it */
	struct culprit_search search;
	/* What was found. */
	struct culprit culprit;
	struct keyed_window *decider;
	bool scoped;	    /* the decider is a scope's window */
	struct map_key key; /* of the firing */
};

static bool is_due(
	const struct scene *scene, const struct window_set *set, const struct keyed_window *keyed)
{
	return keyed && window_set_due(set, keyed, scene->state->rule->threshold);
}

/* Events that no candidate answers for. */
static bool look_unattributed(struct scene *scene)
{
	scene->decider = scene->counts->scope;
	scene->scoped = true;
	scene->key = (struct map_key){UINT64_MAX, 0};
	scene->finding->who = "session and service managers";
	return is_due(scene, &scene->counts->scoped, scene->decider);
}

static bool look_tree(struct scene *scene)
{
	if (scene->counts->unattributed)
		return look_unattributed(scene);
	scene->culprit =
		culprit_in(&scene->search, scene->detect->lineage, &scene->counts->lineage);
	scene->decider = scene->culprit.decider;
	return scene->culprit.entry && !culprit_ripens(&scene->search, &scene->culprit);
}

static bool look_process(struct scene *scene)
{
	struct process_entry *actor;
	struct keyed_window *keyed = scene->counts->lineage.at[0];

	if (scene->counts->unattributed)
		return look_unattributed(scene);
	actor = scene->detect->lineage->at[0];
	scene->culprit = (struct culprit){actor, keyed, keyed};
	scene->decider = keyed;
	return lineage_candidate(actor, scene->detect->suite) &&
	       is_due(scene, &scene->counts->trees, keyed);
}

/* Whose scope it is, where nobody stands out. */
static const char *name_scope(const struct scene *scene)
{
	const struct process *info = &scene->event->entry->info;
	const struct cgroup_entry *cgroup = cgroups_find(scene->detect->cgroups, info->cgroup);
	char *out = scene->detect->who;

	if (scene->state->rule->scope == SCOPE_HOST)
		return "the host";
	if (scene->state->rule->scope == SCOPE_USER)
		snprintf(out, DETECT_WHO_BYTES, "uid %u", info->uid);
	else if (cgroup && cgroup->path)
		snprintf(out, DETECT_WHO_BYTES, "cgroup %s", cgroup->path->data);
	else
		snprintf(out, DETECT_WHO_BYTES, "cgroup %#llx", (unsigned long long)info->cgroup);
	return out;
}

static bool look_scope(struct scene *scene)
{
	struct keyed_window *keyed = scene->counts->scope;
	struct map_key key = scene->counts->scope_key;

	if (!is_due(scene, &scene->counts->scoped, keyed))
		return false;
	scene->search.serial = keyed->serial;
	scene->decider = keyed;
	scene->scoped = true;
	scene->finding->who = name_scope(scene);
	if (scene->state->rule->detector->names_last) {
		scene->culprit.entry = scene->event->entry;
		scene->key = key;
		return true;
	}
	scene->culprit = culprit_of(
		&scene->search, window_weight(&scene->counts->scoped.shape, &keyed->window));
	scene->key = (struct map_key){UINT64_MAX, key.b};
	return true;
}

static bool (*const LOOKS[SCOPE_COUNT])(struct scene *scene) = {
	[SCOPE_HOST] = look_scope,
	[SCOPE_TREE] = look_tree,
	[SCOPE_PROCESS] = look_process,
	[SCOPE_CGROUP] = look_scope,
	[SCOPE_USER] = look_scope,
};

/* The tree window of a culprit that was told before and is below the one found now. */
static const struct keyed_window *told_below(const struct scene *scene, const struct firing *told)
{
	struct process_entry *above = scene->culprit.entry, *entry;
	struct map_key key = {
		(uint64_t)scene->search.serial << 32 | (uint32_t)told->culprit.a, told->culprit.b};

	/* trust: what an earlier ruled is said to have told explains nothing until it is seen */
	if (told->culprit.a > UINT32_MAX || told->adopted)
		return NULL;
	entry = process_table_find(
		scene->detect->table, (uint32_t)told->culprit.a, told->culprit.b);
	/* Who is not known any more may have been below. */
	if (entry && above && !lineage_has(entry, above, scene->detect->suite))
		return NULL;
	return window_set_find(&scene->counts->trees, key, scene->event->time_ns);
}

static bool is_nested(const struct scene *scene, const struct firing *told)
{
	struct process_entry *inner, *outer;
	const struct firing *other;
	unsigned looked = 0;

	inner = process_table_find(
		scene->detect->table, (uint32_t)told->culprit.a, told->culprit.b);
	TAILQ_FOREACH (other, &scene->state->firings.told, order) {
		if (!inner || looked++ >= TOLD_MAX)
			return false;
		outer = other->culprit.a > UINT32_MAX
				? NULL
				: process_table_find(scene->detect->table,
					  (uint32_t)other->culprit.a, other->culprit.b);
		if (outer && outer != scene->culprit.entry && told_below(scene, other) &&
			lineage_has(inner, outer, scene->detect->suite))
			return true;
	}
	return false;
}

/* Where counts of one culprit are part of another's. */
static bool is_additive(const struct scene *scene)
{
	const struct rule_def *rule = scene->state->rule;

	return !rule->detector->names_last && rule->scope != SCOPE_PROCESS &&
	       !(rule->scope == SCOPE_TREE && scene->scoped);
}

/* What was found is no news: told just now, or part of what was. */
static bool is_told(const struct scene *scene)
{
	struct firing *firing = telling_cooling(scene->state, scene->key, scene->event->time_ns);

	/* Not over the threshold by itself, but the greater part of a tree that was told. */
	if (!firing && !scene->scoped && scene->decider != scene->culprit.window)
		firing = telling_cooling(scene->state, scene->decider->key, scene->event->time_ns);
	if (firing)
		firing_seen(firing);
	return firing != NULL;
}

/* What those already told, living or dead, leave of what was found. */
struct rest {
	const struct window *parts[TOLD_MAX];
	struct map_key keys[TOLD_MAX]; /* of the parts */
	size_t count;
	uint64_t newest; /* weight that is left */
	bool over;	 /* over the threshold by itself */
};

static void measure_rest(const struct scene *scene, struct rest *rest)
{
	const struct keyed_window *whole =
		scene->culprit.entry ? scene->culprit.window : scene->decider;
	const struct firing *told;

	rest->count = 0;
	TAILQ_FOREACH (told, &scene->state->firings.told, order) {
		const struct keyed_window *part = told_below(scene, told);

		if (rest->count == TOLD_MAX)
			break;
		if (!part || is_nested(scene, told))
			continue;
		rest->keys[rest->count] = told->culprit;
		rest->parts[rest->count++] = &part->window;
	}
	rest->over = window_rest_over(&scene->counts->trees.shape, &whole->window, rest->parts,
		rest->count, scene->state->rule->threshold, &rest->newest);
}

/*
 * Whoever is above a culprit is not to blame for it, least of all when it has just ended: what was
 * told is taken away before anybody above is named. False if nothing is left to tell; else the
 * culprit is the one of the rest, which may be another storm beside the told one.
 */
static bool name_rest(struct scene *scene)
{
	struct rest rest;
	struct culprit next;

	measure_rest(scene, &rest);
	if (rest.count == 0)
		return true;
	if (!rest.over)
		return false;
	if (!scene->culprit.entry)
		return true;
	next = culprit_of_rest(
		&scene->search, scene->culprit.entry, rest.newest, rest.keys, rest.count);
	if (!next.entry)
		return true;
	if (!window_over(&scene->counts->trees.shape, &next.decider->window,
		    scene->state->rule->threshold))
		return false; /* it will be over by itself soon, or stop */
	scene->culprit = next;
	scene->decider = next.decider;
	scene->key = culprit_key(0, next.entry);
	return !is_told(scene);
}

static void fill(struct scene *scene)
{
	const struct window_shape *shape = &scene->counts->trees.shape;
	struct finding *finding = scene->finding;

	finding->rule = scene->state->rule;
	finding->event = scene->event;
	finding->culprit = scene->culprit.entry;
	finding->value = window_value(shape, &scene->decider->window);
	finding->own = scene->culprit.window ? window_value(shape, &scene->culprit.window->window)
					     : finding->value;
	finding->since_ns = window_since(shape, &scene->decider->window);
	finding->series.window = &scene->decider->window;
	finding->series.shape = shape;
	if (scene->counts->lives)
		(void)lives_median(scene->counts->lives, scene->event->time_ns,
			EXEC_RATE_WINDOW_SECS * NSEC_PER_SEC, &finding->median_ns);
}

/* Whether what was found is to be told: no news, explained and filtered out are not. */
static struct firing *tell(struct scene *scene)
{
	struct rule_state *state = scene->state;
	struct firing *firing;

	if (scene->culprit.entry && !state->rule->detector->names_last)
		scene->key = culprit_key(0, scene->culprit.entry);
	if (is_told(scene))
		return NULL;
	if (!firing_set_find(&state->firings, scene->key) && is_additive(scene) &&
		!name_rest(scene))
		return NULL;
	firing = firing_set_tell(&state->firings, scene->key, scene->event->time_ns);
	if (!firing)
		return NULL;
	firing->window = scene->decider->key;
	firing->scoped = scene->scoped;
	if (!telling_admits(state->rule, scene->detect->cgroups, scene->culprit.entry,
		    &scene->event->entry->info)) {
		firing->alert = 0;
		return NULL;
	}
	fill(scene);
	return firing;
}

struct firing *detect_event(struct detect *detect, struct rule_state *state,
	const struct process_event *event, struct finding *finding)
{
	const struct rule_def *rule = state->rule;
	struct counts *counts = state->counts;
	struct scene scene = {
		.detect = detect,
		.state = state,
		.event = event,
		.finding = finding,
		.counts = counts,
		.search = {detect->table, detect->suite, &counts->trees, 0, rule->threshold,
			event->time_ns},
	};

	*finding = (struct finding){0};
	if (!LOOKS[rule->scope](&scene))
		return NULL;
	if (rule->detector->also && !rule->detector->also(rule, counts->lives, event->time_ns))
		return NULL;
	return tell(&scene);
}

static double sampled_now(const struct process_table *table, const struct rule_state *state,
	const struct firing *firing)
{
	const struct process_entry *entry;

	if (firing->window.a > UINT32_MAX)
		return state->holds.host_value;
	entry = process_table_find(table, (uint32_t)firing->window.a, firing->window.b);
	if (!entry || entry->exited)
		return 0;
	return state->rule->detector->kind == DETECT_GROWTH
		       ? growth_value(state->growths, firing->window)
		       : level_value(state->rule, entry);
}

static double value_now(const struct process_table *table, struct rule_state *state,
	const struct firing *firing, uint64_t now_ns)
{
	struct window_set *set;
	struct keyed_window *keyed;

	if (!state->counts)
		return sampled_now(table, state, firing);
	set = firing->scoped ? &state->counts->scoped : &state->counts->trees;
	keyed = window_set_find(set, firing->window, now_ns);
	return keyed ? window_value(&set->shape, &keyed->window) : 0;
}

/* Nobody is left whom the rule could name again. */
static bool is_gone(const struct process_table *table, const struct rule_state *state,
	const struct firing *firing)
{
	const struct process_entry *entry;

	if (firing->culprit.a > UINT32_MAX || state->rule->detector->names_last || !table->synced)
		return false;
	entry = process_table_find(table, (uint32_t)firing->culprit.a, firing->culprit.b);
	return !entry || entry->exited;
}

bool detect_cleared(const struct process_table *table, struct rule_state *state,
	struct firing *firing, uint64_t now_ns)
{
	double value = value_now(table, state, firing, now_ns);
	bool below = value < state->rule->clear_below || value == 0;

	if (firing->adopted && is_gone(table, state, firing))
		return true;
	if (below && firing->active) {
		firing->active = false;
		firing->clear_ns = now_ns;
	}
	return below && !firing->active && now_ns >= firing->keep_until_ns &&
	       now_ns >= firing->clear_ns + rule_span_secs(state->rule) * NSEC_PER_SEC;
}
