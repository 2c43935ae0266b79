/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/scenario.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char why[SCENARIO_WHY_SIZE];
static json_t *rules;

static bool possible(const char *scenario, unsigned cpus, const char *text)
{
	struct expected expected = {.scenario = scenario_find(scenario), .now = 1000, .cpus = cpus};

	json_decref(rules);
	expected.rules = rules = json_loads(text, 0, NULL);
	assert_non_null(rules);
	return scenario_possible(&expected, why);
}

static bool expects(const char *scenario, const char *rule)
{
	const struct expected expected = {
		.scenario = scenario_find(scenario), .rules = rules, .now = 1000, .cpus = 2};

	return scenario_expects(&expected, rule);
}

static void every_scenario_has_its_name_and_ends_in_half_a_minute(void **state)
{
	static const char *const names[] = {
		"fork-storm", "memory-leak", "cpu-spike", "runaway-tree", "short-jobs", "fd-leak"};

	(void)state;
	for (size_t i = 0; i < SCENARIOS; i++) {
		assert_ptr_equal(scenario_find(names[i]), &scenarios[i]);
		assert_true(scenarios[i].seconds < 30);
	}
	assert_null(scenario_find("all"));
}

static void a_rule_is_met_by_its_detector_whatever_its_name(void **state)
{
	(void)state;
	assert_true(possible("fork-storm", 1,
		"[{\"name\":\"x\",\"detector\":\"forks_per_sec\",\"threshold\":10,\"duration\":2},"
		"{\"name\":\"fork_storm\",\"detector\":\"fork_burst\",\"threshold\":1,\"window_seconds\":2}]"));
	assert_true(expects("fork-storm", "x"));
	assert_false(expects("fork-storm", "fork_storm"));
	assert_false(expects("fork-storm", "y"));
	assert_false(possible("cpu-spike", 1, "[]"));
	assert_string_equal(why, "no rule with detector subtree_cpu_pct is loaded");
}

static void a_rule_out_of_reach_is_said(void **state)
{
	(void)state;
	assert_false(possible("fork-storm", 1,
		"[{\"name\":\"x\",\"detector\":\"forks_per_sec\",\"threshold\":2000,\"duration\":10}]"));
	assert_string_equal(why, "rule x wants more than this load is: over 2000 for 10 s");
	assert_false(possible("cpu-spike", 1,
		"[{\"name\":\"x\",\"detector\":\"subtree_cpu_pct\",\"threshold\":50,\"duration\":3600}]"));
	assert_true(possible("memory-leak", 1,
		"[{\"name\":\"x\",\"detector\":\"rss_growth_mb\",\"threshold\":50,\"window_seconds\":10}]"));
	assert_false(possible("memory-leak", 1,
		"[{\"name\":\"x\",\"detector\":\"rss_growth_mb\",\"threshold\":80,\"window_seconds\":10}]"));
}

static void a_runaway_tree_needs_two_cpus_and_no_window(void **state)
{
	static const char level[] =
		"[{\"name\":\"x\",\"detector\":\"runaway_tree\",\"threshold\":120,\"duration\":5}]";

	(void)state;
	assert_true(possible("runaway-tree", 2, level));
	assert_false(possible("runaway-tree", 1, level));
	assert_false(possible("runaway-tree", 2,
		"[{\"name\":\"x\",\"detector\":\"runaway_tree\",\"threshold\":5,\"window_seconds\":5}]"));
}

static void a_muted_rule_is_said_unless_another_will_do(void **state)
{
	(void)state;
	assert_false(possible("fd-leak", 1,
		"[{\"name\":\"x\",\"detector\":\"fd_usage_pct\",\"threshold\":90,\"duration\":5,\"muted_until\":1001}]"));
	assert_string_equal(why, "rule x is muted");
	assert_true(possible("fd-leak", 1,
		"[{\"name\":\"x\",\"detector\":\"fd_usage_pct\",\"threshold\":90,\"duration\":5,\"muted_until\":1001},"
		"{\"name\":\"y\",\"detector\":\"fd_usage_pct\",\"threshold\":80,\"duration\":5,\"muted_until\":999}]"));
	assert_true(expects("fd-leak", "y") && !expects("fd-leak", "x"));
}

static int forget(void **state)
{
	(void)state;
	json_decref(rules);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scenario_has_its_name_and_ends_in_half_a_minute),
		cmocka_unit_test(a_rule_is_met_by_its_detector_whatever_its_name),
		cmocka_unit_test(a_rule_out_of_reach_is_said),
		cmocka_unit_test(a_runaway_tree_needs_two_cpus_and_no_window),
		cmocka_unit_test(a_muted_rule_is_said_unless_another_will_do),
	};

	return cmocka_run_group_tests_name("client/scenario", tests, NULL, forget);
}
