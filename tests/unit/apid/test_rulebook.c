/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/rulebook.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

static struct made_frame made;

static const struct frame *rules_frame(
	uint64_t generation, uint32_t loaded, uint16_t success, const char *error)
{
	const struct rules rules = {
		.generation = generation, .loaded = loaded, .reload_success = success};

	return make_frame(&made, FRAME_RULES, &rules, (struct text[]){text_of(error)});
}

static const struct frame *rule_frame(uint64_t generation, uint32_t index, const char *name)
{
	const struct rule rule = {.generation = generation, .index = index};

	return make_frame(
		&made, FRAME_RULE, &rule, (struct text[]){text_of(name), text_of("forks_per_sec")});
}

static void a_set_counts_when_it_is_whole(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, 2, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_false(book.known);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 1, "b")), 0);
	assert_true(book.known);
	assert_int_equal(book.count, 2);
	assert_string_equal(book.rules[1].name, "b");
	assert_ptr_equal(rulebook_find(&book, "b"), &book.rules[1]);
	assert_null(rulebook_find(&book, "c"));
	rulebook_done(&book);
	assert_null(rulebook_find(&book, "b"));
}

static void no_rules_are_a_set_too(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, 0, 1, "")), 0);
	assert_true(book.known);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), -EPROTO);
	rulebook_done(&book);
}

static void a_rule_that_comes_again_is_updated(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, 1, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "renamed")), 0);
	assert_string_equal(book.rules[0].name, "renamed");
	rulebook_done(&book);
}

static void the_old_set_stays_until_the_new_one_is_whole(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, 1, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_int_equal(rulebook_set(&book, rules_frame(1, 1, 0, "rules.yaml:1:1: x")), 0);
	assert_string_equal(book.error, "rules.yaml:1:1: x");
	assert_false(book.reload_success);
	assert_true(book.known);
	assert_int_equal(book.count, 1);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_int_equal(book.count, 1);
	rulebook_done(&book);
}

static void what_does_not_belong_to_the_set_is_refused(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), -EPROTO);
	assert_int_equal(rulebook_set(&book, rules_frame(1, RULEBOOK_MAX + 1, 1, "")), -EPROTO);
	assert_int_equal(rulebook_set(&book, rules_frame(2, 2, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), -EPROTO);
	assert_int_equal(rulebook_rule(&book, rule_frame(2, 1, "a")), -EPROTO);
	assert_int_equal(rulebook_rule(&book, rule_frame(2, 2, "a")), -EPROTO);
	rulebook_done(&book);
}

static void the_largest_set_is_kept_and_no_larger_one(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, RULEBOOK_MAX, 1, "")), 0);
	for (uint32_t i = 0; i < RULEBOOK_MAX; i++)
		assert_int_equal(rulebook_rule(&book, rule_frame(1, i, "a")), 0);
	assert_int_equal(book.count, RULEBOOK_MAX);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, RULEBOOK_MAX, "a")), -EPROTO);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, UINT32_MAX, "a")), -EPROTO);
	assert_int_equal(rulebook_set(&book, rules_frame(2, RULEBOOK_MAX + 1, 1, "")), -EPROTO);
	assert_int_equal(rulebook_set(&book, rules_frame(2, UINT32_MAX, 1, "")), -EPROTO);
	assert_int_equal(book.count, RULEBOOK_MAX);
	rulebook_done(&book);
}

static void a_set_that_breaks_off_is_replaced_by_the_next(void **state)
{
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_set(&book, rules_frame(1, 1, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_int_equal(rulebook_set(&book, rules_frame(2, 3, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(2, 0, "b")), 0);
	assert_int_equal(rulebook_set(&book, rules_frame(3, 2, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(3, 1, "c")), -EPROTO);
	assert_int_equal(rulebook_rule(&book, rule_frame(3, 0, "c")), 0);
	assert_int_equal(book.count, 1);
	assert_int_equal(rulebook_rule(&book, rule_frame(3, 1, "d")), 0);
	assert_int_equal(book.count, 2);
	rulebook_forget(&book);
	assert_false(book.known);
	assert_int_equal(rulebook_rule(&book, rule_frame(3, 0, "c")), -EPROTO);
	rulebook_done(&book);
}

static void what_is_built_in_is_not_loaded(void **state)
{
	const struct rule breaker = {.generation = 1, .index = 1};
	struct rulebook book = {0};

	(void)state;
	assert_int_equal(rulebook_loaded(&book), 0);
	assert_int_equal(rulebook_set(&book, rules_frame(1, 2, 1, "")), 0);
	assert_int_equal(rulebook_rule(&book, rule_frame(1, 0, "a")), 0);
	assert_int_equal(rulebook_rule(&book,
				 make_frame(&made, FRAME_RULE, &breaker,
					 (struct text[]){text_of("circuit_breaker_io"),
						 text_of("circuit_breaker")})),
		0);
	assert_int_equal(book.count, 2);
	assert_int_equal(rulebook_loaded(&book), 1);
	rulebook_done(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_counts_when_it_is_whole),
		cmocka_unit_test(no_rules_are_a_set_too),
		cmocka_unit_test(a_rule_that_comes_again_is_updated),
		cmocka_unit_test(the_old_set_stays_until_the_new_one_is_whole),
		cmocka_unit_test(what_does_not_belong_to_the_set_is_refused),
		cmocka_unit_test(the_largest_set_is_kept_and_no_larger_one),
		cmocka_unit_test(a_set_that_breaks_off_is_replaced_by_the_next),
		cmocka_unit_test(what_is_built_in_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
