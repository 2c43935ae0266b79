/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/bound.h"

#include <string.h>

#include "ruled/detector.h"
#include "ruled/rule_state.h"

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t filter_bytes(const struct rule_filter *filter)
{
	return text_bytes(filter->comm) + text_bytes(filter->exe) + text_bytes(filter->cgroup) +
	       text_bytes(filter->container);
}

static size_t definition_bytes(const struct rule_def *rule)
{
	size_t bytes = sizeof(*rule) + text_bytes(rule->name) + text_bytes(rule->pattern) +
		       (rule->matcher ? sizeof(*rule->matcher) : 0) + filter_bytes(&rule->match);

	for (unsigned i = 0; i < rule->exclude_count; i++)
		bytes += sizeof(rule->exclude[i]) + filter_bytes(&rule->exclude[i]);
	return bytes;
}

/* Objects that are kept in a pool and found by a map. */
static size_t kept_bytes(const struct pool *pool, const struct map *map)
{
	return pool_bytes_max(pool) + map_bytes_max(map);
}

/* One of a rule on samples is the host alone, or each process. */
static size_t holds_bytes(const struct rule_state *state)
{
	struct pool pool = state->holds.pool;
	struct map map = state->holds.map;

	if (state->rule->detector->kind != DETECT_LEVEL)
		pool.max = map.max = 1;
	return kept_bytes(&pool, &map);
}

/* As if no other rule shared them. */
static size_t counts_bytes(const struct counts *counts)
{
	return sizeof(*counts) + sizeof(*counts->thresholds) +
	       kept_bytes(&counts->trees.pool, &counts->trees.map) +
	       kept_bytes(&counts->scoped.pool, &counts->scoped.map) +
	       (counts->lives ? sizeof(*counts->lives) : 0);
}

static size_t state_bytes(const struct rule_state *state)
{
	const struct detector *detector = state->rule->detector;
	size_t bytes = sizeof(*state) + kept_bytes(&state->firings.pool, &state->firings.map);

	if (detector->kind == DETECT_EVENTS)
		bytes += counts_bytes(state->counts);
	else if (detector->kind == DETECT_GROWTH)
		bytes += sizeof(*state->growths) +
			 kept_bytes(&state->growths->pool, &state->growths->map);
	else
		bytes += holds_bytes(state);
	if (state->watched)
		bytes += sizeof(*state->watched) +
			 kept_bytes(&state->watched->pool, &state->watched->map);
	return bytes;
}

size_t bound_of_rule(const struct rule_def *rule)
{
	struct rule_shares shares = {0};
	struct rule_state *state = rule_state_new(rule, &shares);
	size_t bytes = definition_bytes(rule);

	if (!state)
		return 0;
	bytes += state_bytes(state);
	rule_state_free(state);
	return bytes;
}
