/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/exits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void knows_an_end_it_was_told_of(void **state)
{
	struct exits exits = {0};

	(void)state;
	assert_false(exits_known(&exits, 7, 100));
	exits_note(&exits, 7, 100);
	assert_true(exits_known(&exits, 7, 100));
}

static void takes_a_recycled_pid_for_another_process(void **state)
{
	struct exits exits = {0};

	(void)state;
	exits_note(&exits, 7, 100);
	assert_false(exits_known(&exits, 7, 101));
	exits_note(&exits, 7, 101);
	assert_true(exits_known(&exits, 7, 101));
}

static void forgets_what_is_long_ago(void **state)
{
	struct exits exits = {0};

	(void)state;
	for (uint32_t tgid = 1; tgid <= 2 * EXITS_REMEMBERED; tgid++)
		exits_note(&exits, tgid, 1);
	assert_false(exits_known(&exits, 1, 1));
	assert_true(exits_known(&exits, 2 * EXITS_REMEMBERED, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_an_end_it_was_told_of),
		cmocka_unit_test(takes_a_recycled_pid_for_another_process),
		cmocka_unit_test(forgets_what_is_long_ago),
	};

	return cmocka_run_group_tests_name("collectord/exits", tests, NULL, NULL);
}
