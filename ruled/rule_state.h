/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What one rule has counted and told so far. Outlives a reload that leaves its rule as it was.
 * Pure.
 */
#pragma once

#include "ruled/firing.h"
#include "ruled/growth.h"
#include "ruled/level.h"
#include "ruled/lives.h"
#include "ruled/rule.h"
#include "ruled/watched.h"
#include "ruled/window_set.h"

struct rule_state {
	const struct rule_def *rule; /* borrowed */
	struct window_set scoped; /* of the scope; tree scope: of those no candidate answers for */
	struct window_set trees;  /* by process */
	struct hold_set holds;	  /* of what samples show */
	struct growth_set growths;
	struct firing_set firings;
	struct lives *lives; /* where the detector asks for them */
	struct watched_set *watched; /* of a circuit breaker */
	uint64_t fired, last_fired_wall_ns;
};

/* NULL without memory. */
struct rule_state *rule_state_new(const struct rule_def *rule);
void rule_state_free(struct rule_state *state);
