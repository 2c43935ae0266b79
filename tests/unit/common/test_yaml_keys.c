/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_keys.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A rule as a reader of rules would have it: what a key means depends on the detector. */
enum { RATE = 1 << 0, WINDOW = 1 << 1 };

struct rule {
	char name[9];
	uint32_t threshold, duration, window;
	double share;
	bool enabled;
	int severity;
	uint32_t days;
	struct config_list tags;
	char comm[9];
	unsigned extra; /* calls of read_extra() */
};

static void read_extra(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	struct rule *rule = target;

	rule->extra++;
	if (ynode_is_text(node, "bad"))
		ytree_problem(tree, node, key, "not this one");
}

static const struct yname SEVERITIES[] = {{"low", 1}, {"high", 3}, {NULL, 0}};
static const struct yname DAYS[] = {{"monday", 1}, {"tuesday", 2}, {NULL, 0}};
static const struct ytext_spec TEXT = {.min = 1, .max = 8};

#define FIELD(field) .offset = offsetof(struct rule, field)

static const struct ykey MATCH_KEYS[] = {
	{.name = "comm", .kind = YKEY_TEXT, FIELD(comm), .text = &TEXT}};
static const struct ykeys MATCH = YKEYS(MATCH_KEYS);
static const struct ykey RULE_KEYS[] = {
	{.name = "name", .kind = YKEY_TEXT, FIELD(name), .text = &TEXT, .required = true},
	{.name = "threshold",
		.kind = YKEY_U32,
		FIELD(threshold),
		.max = 100,
		.groups = RATE,
		.required = true},
	{.name = "threshold",
		.kind = YKEY_U32,
		FIELD(threshold),
		.max = 5,
		.groups = WINDOW,
		.required = true},
	{.name = "duration",
		.kind = YKEY_U32,
		FIELD(duration),
		.min = 1,
		.max = 60,
		.groups = RATE},
	{.name = "window",
		.kind = YKEY_U32,
		FIELD(window),
		.min = 1,
		.max = 60,
		.groups = WINDOW,
		.required = true},
	{.name = "share", .kind = YKEY_DOUBLE, FIELD(share), .max = 1},
	{.name = "enabled", .kind = YKEY_BOOL, FIELD(enabled)},
	{.name = "severity", .kind = YKEY_NAME, FIELD(severity), .names = SEVERITIES},
	{.name = "days", .kind = YKEY_NAMES, FIELD(days), .names = DAYS},
	{.name = "tags", .kind = YKEY_TEXTS, FIELD(tags), .text = &TEXT},
	{.name = "match", .kind = YKEY_SECTION, .sub = &MATCH},
	{.name = "extra", .kind = YKEY_NODE, .check = read_extra},
};
static const struct ykeys RULE = YKEYS(RULE_KEYS);

struct fixture {
	struct ytree tree;
	struct problems problems;
	struct rule rule;
	uint64_t seen;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ytree_done(&f->tree);
	problems_done(&f->problems);
	config_list_done(&f->rule.tags);
	free(f);
	return 0;
}

static int read_rule(struct fixture *f, uint32_t group, const char *yaml)
{
	const struct ykeys_call call = {
		"storm.", group == RATE ? "detector rate" : "detector window", group};
	int r;

	ytree_done(&f->tree);
	problems_done(&f->problems);
	r = ytree_parse(&f->tree, yaml, strlen(yaml), "f", &f->problems);
	assert_true(r == 0 || f->tree.broken);
	return ykeys_read(&f->tree, f->tree.root, &RULE, &call, &f->rule, &f->seen);
}

static void reads_every_kind_of_key(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		read_rule(f, RATE,
			"{name: storm, threshold: 10, duration: 2, share: 0.5, enabled: true, severity: high,\n"
			" days: [tuesday, monday], tags: [a, b], match: {comm: sh}, extra: [1, 2]}"),
		0);
	assert_string_equal(f->rule.name, "storm");
	assert_int_equal(f->rule.threshold, 10);
	assert_int_equal(f->rule.duration, 2);
	assert_true(f->rule.share > 0.49 && f->rule.share < 0.51);
	assert_true(f->rule.enabled);
	assert_int_equal(f->rule.severity, 3);
	assert_int_equal(f->rule.days, 3);
	assert_int_equal(f->rule.tags.count, 2);
	assert_string_equal(f->rule.comm, "sh");
	assert_int_equal(f->rule.extra, 1);
	assert_int_equal(f->seen, 0xfeb);
}

static void knows_only_the_keys_of_its_group(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		read_rule(f, WINDOW, "{name: a, threshold: 5, window: 3, duration: 2}"), -EINVAL);
	assert_int_equal(f->problems.count, 1);
	assert_string_equal(f->problems.lines[0],
		"f:1:36: storm.duration: not a key here; detector window has "
		"name, threshold, window, share, enabled, severity, days, tags, match, extra");
	assert_int_equal(read_rule(f, WINDOW, "{name: a, threshold: 6, window: 3}"), -EINVAL);
	assert_string_equal(f->problems.lines[0],
		"f:1:22: storm.threshold: expected a whole number from 0 to 5, found \"6\"");
	assert_int_equal(read_rule(f, RATE, "{name: a, threshold: 6}"), 0);
}

static void tells_unknown_keys_with_what_there_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		read_rule(f, RATE, "{name: a, threshold: 1, match: {exe: x}, treshold: 3}"),
		-EINVAL);
	assert_int_equal(f->problems.count, 2);
	assert_string_equal(
		f->problems.lines[0], "f:1:33: storm.match.exe: unknown key; storm.match has comm");
	assert_non_null(strstr(f->problems.lines[1],
		"f:1:42: storm.treshold: unknown key; detector rate has name,"));
}

static void tells_what_is_missing_at_the_mapping(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_rule(f, WINDOW, "\n{share: 1}"), -EINVAL);
	assert_int_equal(f->problems.count, 3);
	assert_string_equal(f->problems.lines[0], "f:2:1: storm.name: missing in detector window");
	assert_string_equal(
		f->problems.lines[2], "f:2:1: storm.window: missing in detector window");
	assert_int_equal(f->seen, 1 << 5);
}

static void misses_nothing_in_a_broken_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_rule(f, WINDOW, "share: 2\nname: 'a\n"), -EINVAL);
	assert_int_equal(f->problems.count, 2);
	assert_string_equal(f->problems.lines[1],
		"f:1:8: storm.share: expected a number from 0 to 1, found \"2\"");
}

static void counts_the_problems_of_checks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_rule(f, RATE, "{name: a, threshold: 1, extra: bad}"), -EINVAL);
	assert_int_equal(f->problems.count, 1);
	assert_string_equal(f->problems.lines[0], "f:1:32: storm.extra: not this one");
}

static void refuses_what_is_no_mapping(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_rule(f, RATE, "[name]"), -EINVAL);
	assert_string_equal(f->problems.lines[0],
		"f:1:1: detector rate: expected a mapping of keys, found a list");
	assert_int_equal(read_rule(f, RATE, "{name: a, threshold: 1, match: ~}"), -EINVAL);
	assert_string_equal(f->problems.lines[0],
		"f:1:32: storm.match: expected a mapping of keys, found nothing");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reads_every_kind_of_key),
		test(knows_only_the_keys_of_its_group),
		test(tells_unknown_keys_with_what_there_is),
		test(tells_what_is_missing_at_the_mapping),
		test(misses_nothing_in_a_broken_file),
		test(counts_the_problems_of_checks),
		test(refuses_what_is_no_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
