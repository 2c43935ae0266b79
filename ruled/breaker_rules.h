/* SPDX-License-Identifier: AGPL-3.0-only */
/* The circuit breakers of linnix.yaml as rules, behind those of the rules file. Pure. */
#pragma once

#include "common/config.h"
#include "ruled/ruleset.h"

/* What their names begin with, and no other rule's. */
#define BREAKER_RULE_PREFIX "circuit_breaker_"

/* Adds one for each resource, or none if they are switched off. 0 or -ENOMEM: then some may be missing. */
must_check int breaker_rules_add(struct ruleset *ruleset, const struct breaker_config *config);
