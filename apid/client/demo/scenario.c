/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/scenario.h"

#include <stdio.h>
#include <string.h>

#include "apid/client/fields.h"

#define SPAN_MAX 12 /* seconds of a rule's duration or window that a scenario waits for */

const struct scenario scenarios[SCENARIOS] = {
	{"fork-storm", "forks_per_sec", "25 new processes a second", load_fork_storm,
		LOAD_FORKS_PER_SEC - 3, 0, false, false, 15},
	{"memory-leak", "rss_growth_mb", "8 MB more each second, up to 200", load_memory_leak,
		LOAD_MB_PER_SEC - 1, 0, true, false, 28},
	{"cpu-spike", "subtree_cpu_pct", "one busy process", load_cpu_spike, 95, 0, false, false,
		28},
	{"runaway-tree", "runaway_tree", "a busy process with four busy children",
		load_runaway_tree, 95, 95, false, true, 28},
	{"short-jobs", "short_job_flood", "20 processes a second that end at once", load_short_jobs,
		LOAD_JOBS_PER_SEC - 3, 0, true, false, 18},
	{"fd-leak", "fd_usage_pct", "files opened and not closed, up to 95 % of a limit of 256",
		load_fd_leak, LOAD_FILES_PCT, 0, false, false, 18},
};

const struct scenario *scenario_find(const char *name)
{
	for (size_t i = 0; i < SCENARIOS; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}

static bool has_detector(const struct expected *expected, const json_t *rule)
{
	const char *detector = field_string(rule, "detector");

	return detector && strcmp(detector, expected->scenario->detector) == 0;
}

static bool is_muted(const struct expected *expected, const json_t *rule)
{
	return field_number(rule, "muted_until") > expected->now;
}

/* Can the load make it fire in time? */
static bool in_reach(const struct expected *expected, const json_t *rule)
{
	const struct scenario *scenario = expected->scenario;
	double window = field_number(rule, "window_seconds"), span = field_number(rule, "duration");
	double level = scenario->level + (expected->cpus > 1 ? scenario->level_cpu : 0);

	if (window > 0 && scenario->level_only)
		return false;
	span = MAX(span, window);
	if (scenario->per_second)
		level *= window;
	return span <= SPAN_MAX && field_number(rule, "threshold") < level;
}

static bool is_expected(const struct expected *expected, const json_t *rule)
{
	return has_detector(expected, rule) && !is_muted(expected, rule) &&
	       in_reach(expected, rule);
}

bool scenario_expects(const struct expected *expected, const char *name)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(expected->rules, i, rule)
	{
		const char *has = field_string(rule, "name");

		if (has && strcmp(has, name) == 0)
			return is_expected(expected, rule);
	}
	return false;
}

static void say_muted(const char *name, char why[SCENARIO_WHY_SIZE])
{
	snprintf(why, SCENARIO_WHY_SIZE, "rule %s is muted", name);
}

static void say_far(const json_t *rule, const char *name, char why[SCENARIO_WHY_SIZE])
{
	double window = field_number(rule, "window_seconds");

	snprintf(why, SCENARIO_WHY_SIZE, "rule %s wants more than this load is: over %g for %g s",
		name, field_number(rule, "threshold"),
		window > 0 ? window : field_number(rule, "duration"));
}

bool scenario_possible(const struct expected *expected, char why[SCENARIO_WHY_SIZE])
{
	const json_t *rule;
	size_t i;

	snprintf(why, SCENARIO_WHY_SIZE, "no rule with detector %s is loaded",
		expected->scenario->detector);
	json_array_foreach(expected->rules, i, rule)
	{
		const char *name = field_string(rule, "name");

		if (!name || !has_detector(expected, rule))
			continue;
		if (is_expected(expected, rule))
			return true;
		if (is_muted(expected, rule))
			say_muted(name, why);
		else
			say_far(rule, name, why);
	}
	return false;
}
