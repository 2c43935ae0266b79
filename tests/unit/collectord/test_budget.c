/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/budget.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ALL ((1U << BUDGET_PARTS) - 1)

static struct budget budget;
static struct budget_reading now;

static int make(void **state)
{
	(void)state;
	budget_init(&budget, 5);
	now = (struct budget_reading){.time_ns = NSEC_PER_SEC};
	(void)budget_look(&budget, &now, ALL);
	return 0;
}

/* A window in which everything took @permille of a core, and the parts as much as given, in order. */
static struct budget_decision window(unsigned permille, unsigned connections, unsigned connects,
	unsigned args, unsigned spare)
{
	const uint64_t unit = BUDGET_WINDOW_NS / 1000;

	now.time_ns += BUDGET_WINDOW_NS;
	now.used_ns += permille * unit;
	now.part_ns[BUDGET_CONNECTIONS] += connections * unit;
	now.part_ns[BUDGET_CONNECTS] += connects * unit;
	now.part_ns[BUDGET_ARGS] += args * unit;
	return budget_look(&budget, &now, spare);
}

static void keeps_everything_up_to_the_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(window(50, 40, 5, 5, ALL).verdict, BUDGET_KEEP);
}

static void over_it_the_costliest_goes_then_the_next(void **state)
{
	struct budget_decision decision = window(123, 10, 30, 20, ALL);

	(void)state;
	assert_int_equal(decision.verdict, BUDGET_SWITCH_OFF);
	assert_int_equal(decision.part, BUDGET_CONNECTS);
	assert_int_equal(decision.used_permille, 123);
	assert_int_equal(window(93, 10, 0, 20, ALL).part, BUDGET_ARGS);
	assert_int_equal(window(73, 10, 0, 0, ALL).part, BUDGET_CONNECTIONS);
	assert_int_equal(window(73, 10, 10, 10, ALL).verdict, BUDGET_KEEP);
}

static void what_does_not_work_or_costs_nothing_stays(void **state)
{
	struct budget_decision decision = window(80, 30, 10, 1, ALL & ~(1U << BUDGET_CONNECTIONS));

	(void)state;
	assert_int_equal(decision.verdict, BUDGET_SWITCH_OFF);
	assert_int_equal(decision.part, BUDGET_CONNECTS);
	assert_int_equal(window(80, 1, 0, 1, ALL).verdict, BUDGET_KEEP);
}

static void looks_at_ten_seconds_not_at_a_moment(void **state)
{
	(void)state;
	now.time_ns += BUDGET_WINDOW_NS / 10;
	now.used_ns += BUDGET_WINDOW_NS / 20; /* half a core for a second */
	now.part_ns[BUDGET_ARGS] += BUDGET_WINDOW_NS / 20;
	assert_int_equal(budget_look(&budget, &now, ALL).verdict, BUDGET_KEEP);
	now.time_ns += BUDGET_WINDOW_NS * 9 / 10;
	assert_int_equal(budget_look(&budget, &now, ALL).verdict, BUDGET_KEEP); /* 5 % of ten */
}

static void what_was_used_before_the_first_look_does_not_count(void **state)
{
	struct budget_reading late = {.time_ns = BUDGET_WINDOW_NS * 5, .used_ns = BUDGET_WINDOW_NS * 5};

	(void)state;
	budget_init(&budget, 5);
	assert_int_equal(budget_look(&budget, &late, ALL).verdict, BUDGET_KEEP);
}

static void an_estimate_that_shrinks_is_no_cost(void **state)
{
	(void)state;
	window(10, 10, 10, 10, ALL);
	now.used_ns -= BUDGET_WINDOW_NS / 1000;
	now.part_ns[BUDGET_ARGS] = 0;
	assert_int_equal(window(0, 0, 0, 0, ALL).used_permille, 0);
	assert_int_equal(window(80, 0, 0, 2, ALL).part, BUDGET_ARGS);
}

static void after_long_calm_the_last_one_comes_back_first(void **state)
{
	const unsigned windows = BUDGET_CALM_NS / BUDGET_WINDOW_NS;
	struct budget_decision decision;

	(void)state;
	window(80, 30, 0, 20, ALL);
	window(60, 0, 0, 20, ALL);
	for (unsigned i = 0; i < windows - 1; i++)
		assert_int_equal(window(24, 0, 0, 0, 0).verdict, BUDGET_KEEP);
	decision = window(24, 0, 0, 0, 0);
	assert_int_equal(decision.verdict, BUDGET_SWITCH_ON);
	assert_int_equal(decision.part, BUDGET_ARGS);
	for (unsigned i = 0; i < windows - 1; i++)
		assert_int_equal(window(24, 0, 0, 0, 0).verdict, BUDGET_KEEP);
	assert_int_equal(window(24, 0, 0, 0, 0).part, BUDGET_CONNECTIONS);
}

static void a_window_at_half_the_limit_ends_the_calm(void **state)
{
	const unsigned windows = BUDGET_CALM_NS / BUDGET_WINDOW_NS;

	(void)state;
	window(80, 30, 0, 0, ALL);
	for (unsigned i = 0; i < 3 * windows; i++)
		assert_int_equal(
			window(i % windows == windows - 1 ? 25 : 0, 0, 0, 0, 0).verdict, BUDGET_KEEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keeps_everything_up_to_the_limit, make),
		cmocka_unit_test_setup(over_it_the_costliest_goes_then_the_next, make),
		cmocka_unit_test_setup(what_does_not_work_or_costs_nothing_stays, make),
		cmocka_unit_test_setup(looks_at_ten_seconds_not_at_a_moment, make),
		cmocka_unit_test_setup(what_was_used_before_the_first_look_does_not_count, make),
		cmocka_unit_test_setup(an_estimate_that_shrinks_is_no_cost, make),
		cmocka_unit_test_setup(after_long_calm_the_last_one_comes_back_first, make),
		cmocka_unit_test_setup(a_window_at_half_the_limit_ends_the_calm, make),
	};

	return cmocka_run_group_tests_name("collectord/budget", tests, NULL, NULL);
}
