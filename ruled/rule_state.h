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

struct rule_state {
	const struct rule_def *rule; /* borrowed */
	struct counts *counts;	     /* of events; NULL: it looks at samples */
	struct hold_set holds;	     /* of what samples show */
	struct growth_set growths;
	struct firing_set firings;
	uint64_t fired, last_fired_wall_ns;
};

/* Shares counts with rules of its @generation in @list. NULL without memory. */
struct rule_state *rule_state_new(
	const struct rule_def *rule, struct counts_list *list, uint64_t generation);
void rule_state_free(struct rule_state *state);
