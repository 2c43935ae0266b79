/* SPDX-License-Identifier: AGPL-3.0-only */
/* Whether what was found is news and passes the rule's filters. Pure. */
#pragma once

#include "ruled/cgroups.h"
#include "ruled/rule_state.h"

/* The firing of @culprit if it was told too short a time before @now_ns to be told again. */
struct firing *telling_cooling(
	const struct rule_state *state, struct map_key culprit, uint64_t now_ns);

/*
 * True if the rule's filters let the culprit pass; without one (NULL), what its scope has instead:
 * that of @info, the process of the event, which may be NULL in scope host.
 */
bool telling_admits(const struct rule_def *rule, const struct cgroups *cgroups,
	const struct process_entry *culprit, const struct process *info);
