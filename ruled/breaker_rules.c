/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/breaker_rules.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ruled/detector.h"

#define CLEAR_BELOW_OF_ALL 0.8
#define COOLDOWN_SECS_MIN  60

static const char *const NAMES[PRESSURE_RESOURCES] = {
	[PRESSURE_CPU] = BREAKER_RULE_PREFIX "cpu",
	[PRESSURE_MEMORY] = BREAKER_RULE_PREFIX "memory",
	[PRESSURE_IO] = BREAKER_RULE_PREFIX "io",
};

static struct rule_def *rule_of(
	const struct breaker_config *config, enum pressure_resource resource)
{
	struct rule_def *rule = malloc(sizeof(*rule));
	double threshold = config->stall_pct[resource];

	if (!rule)
		return NULL;
	*rule = (struct rule_def){
		.name = strdup(NAMES[resource]),
		.detector = detector_breaker(resource),
		.threshold = threshold,
		.clear_below = threshold * CLEAR_BELOW_OF_ALL,
		.use_pct = resource == PRESSURE_CPU ? config->cpu_use_pct : 0,
		.duration_secs = config->grace_secs,
		.cooldown_secs = MAX(config->grace_secs, COOLDOWN_SECS_MIN),
		.severity = SEVERITY_HIGH,
		.scope = SCOPE_HOST,
		.action = config->action,
		.signal = SIGTERM,
	};
	if (rule->name)
		return rule;
	rule_def_free(rule);
	return NULL;
}

int breaker_rules_add(struct ruleset *ruleset, const struct breaker_config *config)
{
	struct rule_def **rules;

	if (!config->enabled)
		return 0;
	rules = realloc(ruleset->rules,
		(ruleset->count + PRESSURE_RESOURCES) * sizeof(struct rule_def *));
	if (!rules)
		return -ENOMEM;
	ruleset->rules = rules;
	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++) {
		struct rule_def *rule = rule_of(config, (enum pressure_resource)i);

		if (!rule)
			return -ENOMEM;
		ruleset->rules[ruleset->count++] = rule;
		ruleset->built_in++;
	}
	return 0;
}
