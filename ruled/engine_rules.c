/* SPDX-License-Identifier: AGPL-3.0-only */
#include <errno.h>
#include <string.h>

#include "ruled/engine_state.h"

void engine_free_states(struct rule_state **states, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		rule_state_free(states[i]);
	free(states);
}

/* States for new rules only; NULL where an old one will do. */
static int new_states(
	struct engine *engine, const struct ruleset *ruleset, struct rule_state ***states)
{
	struct rule_state **made = calloc(ruleset->count + 1, sizeof(struct rule_state *));

	if (!made)
		return -ENOMEM;
	for (unsigned i = 0; i < ruleset->count; i++) {
		const struct rule_def *same =
			engine->ruleset ? ruleset_find(engine->ruleset, ruleset->rules[i]->name)
					: NULL;

		if (same && rule_def_equal(same, ruleset->rules[i]))
			continue;
		made[i] = rule_state_new(ruleset->rules[i], &engine->shares);
		if (!made[i]) {
			engine_free_states(made, ruleset->count);
			return -ENOMEM;
		}
	}
	*states = made;
	return 0;
}

/* The old state of the rule called @name, taken out of the engine. */
static struct rule_state *take_state(struct engine *engine, const char *name)
{
	for (unsigned i = 0; i < engine->state_count; i++)
		if (engine->states[i] && strcmp(engine->states[i]->rule->name, name) == 0)
			return TAKE_PTR(engine->states[i]);
	return NULL;
}

static void tell_rule_gone(struct engine *engine, struct rule_state *state)
{
	const struct firing *firing;

	if (!state)
		return;
	TAILQ_FOREACH (firing, &state->firings.told, order)
		if (firing->alert != 0)
			engine->sink.on_cleared(engine->sink.ctx, firing->alert, "rule changed");
}

static void share_counts(struct engine *engine)
{
	struct counts *counts;

	LIST_FOREACH (counts, &engine->shares.counts, order)
		counts_leave_all(counts);
	for (unsigned i = 0; i < engine->state_count; i++)
		if (engine->states[i]->counts)
			counts_join(engine->states[i]->counts, engine->states[i]->rule);
}

int engine_set_rules(struct engine *engine, struct ruleset *ruleset)
{
	struct rule_state **states;
	int r;

	engine->shares.generation++;
	r = new_states(engine, ruleset, &states);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < ruleset->count; i++) {
		if (states[i])
			continue;
		states[i] = take_state(engine, ruleset->rules[i]->name);
		states[i]->rule = ruleset->rules[i];
	}
	for (unsigned i = 0; i < engine->state_count; i++)
		tell_rule_gone(engine, engine->states[i]);
	engine_free_states(engine->states, engine->state_count);
	ruleset_free(engine->ruleset);
	engine->ruleset = ruleset;
	engine->states = states;
	engine->state_count = ruleset->count;
	share_counts(engine);
	survey_rules(&engine->survey, states, ruleset->count);
	engine_clear_incidents(engine);
	return 0;
}

unsigned engine_rules(const struct engine *engine)
{
	return engine->state_count;
}

const struct rule_def *engine_rule(
	const struct engine *engine, unsigned index, struct rule *payload)
{
	const struct rule_state *state = engine->states[index];
	const struct rule_def *rule = state->rule;

	*payload = (struct rule){
		.last_fired_wall_ns = state->last_fired_wall_ns,
		.fired = state->fired,
		.threshold = rule->threshold,
		.muted_until_wall_ns = mutes_until(&engine->mutes, MUTE_RULE, text_of(rule->name),
			engine_wall_now(engine)),
		.index = index,
		.duration_secs = rule->duration_secs,
		.window_secs = rule->window_secs,
		.cooldown_secs = rule->cooldown_secs,
		.severity = (uint16_t)rule->severity,
		.scope = (uint16_t)rule->scope,
		.proposes = (uint16_t)rule->action,
		.active = (uint16_t)firing_set_active(&state->firings),
	};
	return rule;
}
