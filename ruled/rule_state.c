/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rule_state.h"

#include "ruled/detector.h"

struct rule_state *rule_state_new(const struct rule_def *rule, struct rule_shares *shares)
{
	struct rule_state *state = calloc(1, sizeof(*state));
	enum detector_kind kind = rule->detector->kind;

	if (!state)
		return NULL;
	if (kind == DETECT_EVENTS)
		state->counts = counts_get(&shares->counts, shares->generation, rule);
	if (kind == DETECT_GROWTH)
		state->growths = growth_set_get(&shares->growths, shares->generation,
			rule->window_secs, rule->threshold);
	if (rule->detector->breaker)
		state->watched = watched_set_new();
	if ((kind == DETECT_EVENTS && !state->counts) ||
		(kind == DETECT_GROWTH && !state->growths) ||
		(rule->detector->breaker && !state->watched)) {
		free(state);
		return NULL;
	}
	state->rule = rule;
	hold_set_init(&state->holds);
	firing_set_init(&state->firings);
	return state;
}

void rule_state_free(struct rule_state *state)
{
	if (!state)
		return;
	counts_drop(state->counts);
	hold_set_done(&state->holds);
	growth_set_drop(state->growths);
	firing_set_done(&state->firings);
	watched_set_free(state->watched);
	free(state);
}
