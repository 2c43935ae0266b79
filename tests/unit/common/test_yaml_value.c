/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_value.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct ytree tree;
	struct problems problems;
	struct config_list list;
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
	config_list_done(&f->list);
	free(f);
	return 0;
}

/* The node that @yaml is. */
static const struct ynode *node(struct fixture *f, const char *yaml)
{
	ytree_done(&f->tree);
	problems_done(&f->problems);
	assert_int_equal(ytree_parse(&f->tree, yaml, strlen(yaml), "f", &f->problems), 0);
	assert_non_null(f->tree.root);
	return f->tree.root;
}

static void assert_told(const struct fixture *f, const char *line)
{
	assert_int_equal(f->problems.count, 1);
	assert_string_equal(f->problems.lines[0], line);
}

static void reads_whole_numbers(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"-1", "+1", "01", "1.0", "1e1", "0x1", "1_0", "' 1'",
		"'1'", "4294967296", "18446744073709551617", "one", "true", "~", "''", "[1]",
		"{1: 1}"};
	uint32_t value = 7;

	assert_int_equal(yvalue_u32(&f->tree, node(f, "0"), "k", 0, UINT32_MAX, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(
		yvalue_u32(&f->tree, node(f, "4294967295"), "k", 0, UINT32_MAX, &value), 0);
	assert_int_equal(value, UINT32_MAX);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
			yvalue_u32(&f->tree, node(f, bad[i]), "k", 0, UINT32_MAX, &value), -EINVAL);
		assert_int_equal(f->problems.count, 1);
		assert_int_equal(value, UINT32_MAX);
	}
}

static void tells_the_range_of_whole_numbers(void **state)
{
	struct fixture *f = *state;
	uint32_t value;

	assert_int_equal(yvalue_u32(&f->tree, node(f, "9"), "a.b", 10, 20, &value), -EINVAL);
	assert_told(f, "f:1:1: a.b: expected a whole number from 10 to 20, found \"9\"");
	assert_int_equal(yvalue_u32(&f->tree, node(f, " 21"), "a.b", 10, 20, &value), -EINVAL);
	assert_told(f, "f:1:2: a.b: expected a whole number from 10 to 20, found \"21\"");
	assert_int_equal(yvalue_u32(&f->tree, node(f, "\"15\""), "a.b", 10, 20, &value), -EINVAL);
	assert_told(f,
		"f:1:1: a.b: expected a whole number from 10 to 20, found the quoted text \"15\"");
	assert_int_equal(yvalue_u32(&f->tree, node(f, "~"), "a.b", 10, 20, &value), -EINVAL);
	assert_told(f, "f:1:1: a.b: expected a whole number from 10 to 20, found nothing");
}

static void reads_finite_numbers(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *yaml;
		double value;
	} good[] = {{"5", 5}, {"0.5", 0.5}, {"-5", -5}, {"90.0", 90}, {"1e2", 100},
		{"2.5E-1", 0.25}, {"-0", 0}, {"0e9", 0}};
	static const char *const bad[] = {".5", "5.", "+5", "05", "1e", "1e+", "0x10", ".inf",
		"inf", "nan", ".nan", "infinity", "1e999", "-1e999", "--5", "5 5", "1,5", "'5'",
		"true", "~", "[5]", "101", "-101"};
	double value;

	for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
			yvalue_double(&f->tree, node(f, good[i].yaml), "k", -100, 100, &value), 0);
		assert_true(fabs(value - good[i].value) < 1e-9);
	}
	value = 7;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		if (yvalue_double(&f->tree, node(f, bad[i]), "k", -100, 100, &value) != -EINVAL)
			fail_msg("%s is taken for a number", bad[i]);
		assert_int_equal(f->problems.count, 1);
	}
	assert_true(value == 7);
	assert_int_equal(yvalue_double(&f->tree, node(f, "0.05"), "k", 0.1, 100, &value), -EINVAL);
	assert_told(f, "f:1:1: k: expected a number from 0.1 to 100, found \"0.05\"");
}

static void reads_true_and_false_alone(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
		"True", "TRUE", "yes", "no", "on", "off", "1", "0", "'true'", "~", "[true]"};
	bool value = false;

	assert_int_equal(yvalue_bool(&f->tree, node(f, "true"), "k", &value), 0);
	assert_true(value);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(yvalue_bool(&f->tree, node(f, bad[i]), "k", &value), -EINVAL);
	assert_true(value);
	assert_int_equal(yvalue_bool(&f->tree, node(f, "false"), "k", &value), 0);
	assert_false(value);
}

static const struct yname COLOURS[] = {{"red", 1}, {"green", 2}, {"blue", 4}, {NULL, 0}};

static void reads_one_of_the_names(void **state)
{
	struct fixture *f = *state;
	int value = 0;

	assert_int_equal(yvalue_name(&f->tree, node(f, "green"), "k", COLOURS, &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(yvalue_name(&f->tree, node(f, "'blue'"), "k", COLOURS, &value), 0);
	assert_int_equal(value, 4);
	assert_int_equal(yvalue_name(&f->tree, node(f, "Red"), "k", COLOURS, &value), -EINVAL);
	assert_told(f, "f:1:1: k: expected red, green or blue, found \"Red\"");
	assert_int_equal(
		yvalue_name(&f->tree, node(f, "\"red\\0\""), "k", COLOURS, &value), -EINVAL);
	assert_told(f, "f:1:1: k: expected red, green or blue, found the quoted text \"red?\"");
	assert_int_equal(yvalue_name(&f->tree, node(f, "{a: b}"), "k", COLOURS, &value), -EINVAL);
	assert_told(f, "f:1:1: k: expected red, green or blue, found a mapping");
	assert_int_equal(value, 4);
}

static void joins_a_list_of_names(void **state)
{
	struct fixture *f = *state;
	uint32_t value = 0;

	assert_int_equal(yvalue_names(&f->tree, node(f, "[blue, red]"), "k", COLOURS, &value), 0);
	assert_int_equal(value, 5);
	assert_int_equal(
		yvalue_names(&f->tree, node(f, "[red, pink, red]"), "k", COLOURS, &value), -EINVAL);
	assert_int_equal(f->problems.count, 2);
	assert_string_equal(
		f->problems.lines[0], "f:1:7: k: expected red, green or blue, found \"pink\"");
	assert_string_equal(f->problems.lines[1], "f:1:13: k: \"red\" stands here twice");
	assert_int_equal(yvalue_names(&f->tree, node(f, "red"), "k", COLOURS, &value), -EINVAL);
	assert_told(f, "f:1:1: k: expected a list [a, b], found \"red\"");
	assert_int_equal(value, 5);
	assert_int_equal(yvalue_names(&f->tree, node(f, "[]"), "k", COLOURS, &value), 0);
	assert_int_equal(value, 0);
}

static void refuse_x(const struct ytree *tree, const struct ynode *item, const char *key)
{
	if (ynode_is_text(item, "x"))
		ytree_problem(tree, item, key, "no x");
}

static const struct ytext_spec SHORT = {.min = 1, .max = 4, .check = refuse_x};
static const struct ytext_spec NUMBERS = {.max = 4, .numbers = true};

static void reads_bounded_texts(void **state)
{
	struct fixture *f = *state;
	char value[5] = "old";

	assert_int_equal(yvalue_text(&f->tree, node(f, "abcd"), "k", &SHORT, value), 0);
	assert_string_equal(value, "abcd");
	assert_int_equal(yvalue_text(&f->tree, node(f, "'12'"), "k", &SHORT, value), 0);
	assert_string_equal(value, "12");
	assert_int_equal(yvalue_text(&f->tree, node(f, "yes"), "k", &SHORT, value), 0);
	assert_int_equal(yvalue_text(&f->tree, node(f, "12"), "k", &NUMBERS, value), 0);
	assert_int_equal(yvalue_text(&f->tree, node(f, "''"), "k", &NUMBERS, value), 0);
	assert_string_equal(value, "");
}

static void refuses_what_is_no_such_text(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *yaml, *line;
	} bad[] = {
		{"abcde", "f:1:1: k: expected a text of 1 to 4 bytes, found \"abcde\""},
		{"''", "f:1:1: k: expected a text of 1 to 4 bytes, found the quoted text \"\""},
		{"12", "f:1:1: k: expected a text of 1 to 4 bytes (put it in quotes), found \"12\""},
		{"-1.5",
			"f:1:1: k: expected a text of 1 to 4 bytes (put it in quotes), found \"-1.5\""},
		{"true",
			"f:1:1: k: expected a text of 1 to 4 bytes (put it in quotes), found \"true\""},
		{"null", "f:1:1: k: expected a text of 1 to 4 bytes, found nothing"},
		{"[a]", "f:1:1: k: expected a text of 1 to 4 bytes, found a list"},
		{"\"a\\tb\"",
			"f:1:1: k: expected a text without control characters, found the quoted text \"a\\x09b\""},
		{"\"a\\0\"",
			"f:1:1: k: expected a text without control characters, found the quoted text \"a?\""},
		{"x", "f:1:1: k: no x"},
	};
	char value[5] = "old";

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
			yvalue_text(&f->tree, node(f, bad[i].yaml), "k", &SHORT, value), -EINVAL);
		assert_told(f, bad[i].line);
		assert_string_equal(value, "old");
	}
}

static void reads_a_list_of_texts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_list_add(&f->list, "before"), 0);
	assert_int_equal(
		yvalue_texts(&f->tree, node(f, "[a, b, a, 5, x]"), "k", &SHORT, &f->list), -EINVAL);
	assert_int_equal(f->problems.count, 3);
	assert_string_equal(f->problems.lines[0], "f:1:8: k: \"a\" stands here twice");
	assert_string_equal(f->problems.lines[2], "f:1:14: k: no x");
	assert_int_equal(f->list.count, 1);
	assert_int_equal(
		yvalue_texts(&f->tree, node(f, "[e, d, c, b, a]"), "k", &SHORT, &f->list), 0);
	assert_int_equal(f->list.count, 5);
	assert_string_equal(f->list.items[0], "e");
	assert_string_equal(f->list.items[4], "a");
	assert_int_equal(yvalue_texts(&f->tree, node(f, "[]"), "k", &SHORT, &f->list), 0);
	assert_int_equal(f->list.count, 0);
}

static void says_nothing_twice_about_an_alias(void **state)
{
	struct fixture *f = *state;
	uint32_t value;
	char text[5];

	assert_int_equal(ytree_parse(&f->tree, "*x", 2, "f", &f->problems), -EINVAL);
	assert_int_equal(yvalue_u32(&f->tree, f->tree.root, "k", 0, 9, &value), -EINVAL);
	assert_int_equal(yvalue_text(&f->tree, f->tree.root, "k", &SHORT, text), -EINVAL);
	assert_int_equal(yvalue_texts(&f->tree, f->tree.root, "k", &SHORT, &f->list), -EINVAL);
	assert_int_equal(f->problems.count, 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reads_whole_numbers),
		test(tells_the_range_of_whole_numbers),
		test(reads_finite_numbers),
		test(reads_true_and_false_alone),
		test(reads_one_of_the_names),
		test(joins_a_list_of_names),
		test(reads_bounded_texts),
		test(refuses_what_is_no_such_text),
		test(reads_a_list_of_texts),
		test(says_nothing_twice_about_an_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
