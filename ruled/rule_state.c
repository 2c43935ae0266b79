/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rule_state.h"

#include "ruled/detector.h"

struct rule_state *rule_state_new(
	const struct rule_def *rule, struct counts_list *list, uint64_t generation)
{
	struct rule_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	if (rule->detector->kind == DETECT_EVENTS) {
		state->counts = counts_get(list, generation, rule);
		if (!state->counts) {
			free(state);
			return NULL;
		}
	}
	state->rule = rule;
	hold_set_init(&state->holds);
	growth_set_init(&state->growths, rule->window_secs, rule->threshold);
	firing_set_init(&state->firings);
	return state;
}

void rule_state_free(struct rule_state *state)
{
	if (!state)
		return;
	counts_drop(state->counts);
	hold_set_done(&state->holds);
	growth_set_done(&state->growths);
	firing_set_done(&state->firings);
	free(state);
}
