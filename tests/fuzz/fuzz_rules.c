/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Any bytes as the rules file: refused with at least one problem, or a ruleset that holds what it
 * promises.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/glob.h"
#include "ruled/detector.h"
#include "ruled/ruleset.h"
#include "ruled/window_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_filter(const struct rule_filter *filter)
{
	const char *const globs[] = {filter->comm, filter->exe, filter->cgroup, filter->container};
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(globs); i++)
		assert(!globs[i] || glob_check(globs[i], &why) == 0);
}

static void check_rule(const struct rule_def *rule)
{
	struct window_shape shape = detector_shape(rule);

	assert(rule->name[0] != '\0' && strlen(rule->name) <= RULE_NAME_BYTES_MAX);
	assert(rule->threshold >= 0 && rule->clear_below >= 0 &&
		rule->clear_below <= rule->threshold);
	assert(rule->detector->scopes & 1U << rule->scope);
	assert(rule->severity < SEVERITY_COUNT && rule->action < ACTION_TYPES);
	assert((rule->pattern != NULL) == ((rule->detector->keys & KEYS_EXEC_RATE) != 0));
	assert(shape.buckets > 0 && shape.bucket_ns > 0 && window_set_max(&shape) >= 64);
	check_filter(&rule->match);
	for (unsigned i = 0; i < rule->exclude_count; i++)
		check_filter(&rule->exclude[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = PROBLEMS_INIT;
	struct ruleset *ruleset = NULL;
	int r = ruleset_parse((const char *)data, size, "f", &problems, &ruleset);

	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (problems.count == 0) && (r == 0) == (ruleset != NULL));
	for (unsigned i = 0; ruleset && i < ruleset->count; i++) {
		check_rule(ruleset->rules[i]);
		assert(ruleset_find(ruleset, ruleset->rules[i]->name) == ruleset->rules[i]);
	}
	ruleset_free(ruleset);
	problems_done(&problems);
	return 0;
}
