/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rule_state.h"

#include "ruled/detector.h"

struct rule_state *rule_state_new(const struct rule_def *rule)
{
	struct rule_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	if (rule->detector->keys & KEYS_EXEC_RATE)
		state->lives = calloc(1, sizeof(*state->lives));
	if (rule->detector->breaker)
		state->watched = watched_set_new();
	if ((rule->detector->keys & KEYS_EXEC_RATE && !state->lives) ||
		(rule->detector->breaker && !state->watched)) {
		free(state->lives);
		free(state);
		return NULL;
	}
	state->rule = rule;
	window_set_init(&state->scoped, detector_shape(rule));
	window_set_init(&state->trees, detector_shape(rule));
	hold_set_init(&state->holds);
	growth_set_init(&state->growths, rule->window_secs, rule->threshold);
	firing_set_init(&state->firings);
	return state;
}

void rule_state_free(struct rule_state *state)
{
	if (!state)
		return;
	window_set_done(&state->scoped);
	window_set_done(&state->trees);
	hold_set_done(&state->holds);
	growth_set_done(&state->growths);
	firing_set_done(&state->firings);
	watched_set_free(state->watched);
	free(state->lives);
	free(state);
}
