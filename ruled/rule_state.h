/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What one rule has counted and told so far. Outlives a reload that leaves its rule as it was.
 * Pure.
 */
#pragma once

#include "ruled/counts.h"
#include "ruled/firing.h"
#include "ruled/growth.h"
#include "ruled/level.h"
#include "ruled/rule.h"
#include "ruled/watched.h"

struct rule_state {
	const struct rule_def *rule; /* borrowed */
	struct counts *counts;	     /* of events; NULL: it looks at samples */
	struct hold_set holds;	     /* of what samples show */
	struct growth_set *growths;  /* NULL: it does not look at growth */
	struct firing_set firings;
	struct watched_set *watched; /* of a circuit breaker */
	uint64_t fired, last_fired_wall_ns;
};

/* What rules of one engine share. */
struct rule_shares {
	struct counts_list counts;
	struct growth_sets growths;
	uint64_t generation; /* of the rules: only those loaded together share */
};

/* NULL without memory. */
struct rule_state *rule_state_new(const struct rule_def *rule, struct rule_shares *shares);
void rule_state_free(struct rule_state *state);
