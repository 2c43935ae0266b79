/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/commands.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int check(const char *name, unsigned given, unsigned operands)
{
	struct arguments arguments = {.given = given, .operands = operands + 1};

	for (unsigned i = 0; i < ARG_COUNT; i++)
		arguments.value[i] = given & 1U << i ? "" : NULL;
	for (unsigned i = 0; i < OPERANDS_MAX; i++)
		arguments.operand[i] = "x";
	return command_check(command_find(name), &arguments);
}

static void a_command_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_non_null(command_find("alerts"));
	assert_null(command_find("alert"));
	assert_null(command_find("alertss"));
	assert_null(command_find(""));
}

static void a_command_takes_its_own_options_and_the_global_ones(void **state)
{
	(void)state;
	assert_int_equal(
		check("alerts", ARG_BIT(FOLLOW) | ARG_BIT(JSON) | ARG_BIT(SOCKET), 0), EXIT_OK);
	assert_int_equal(check("alerts", ARG_BIT(TYPES), 0), EXIT_USAGE);
	assert_int_equal(check("status", ARG_BIT(LIMIT), 0), EXIT_USAGE);
}

static void what_a_command_needs_must_be_there(void **state)
{
	(void)state;
	assert_int_equal(check("mute", ARG_BIT(FOR), 1), EXIT_OK);
	assert_int_equal(check("mute", 0, 1), EXIT_USAGE);
	assert_int_equal(check("mute", ARG_BIT(FOR), 0), EXIT_USAGE);
	assert_int_equal(check("backtest", 0, 1), EXIT_USAGE);
}

static void what_a_command_does_not_take_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check("status", 0, 1), EXIT_USAGE);
	assert_int_equal(check("show", 0, 1), EXIT_OK);
	assert_int_equal(check("show", 0, 2), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_found_by_its_whole_name),
		cmocka_unit_test(a_command_takes_its_own_options_and_the_global_ones),
		cmocka_unit_test(what_a_command_needs_must_be_there),
		cmocka_unit_test(what_a_command_does_not_take_is_refused),
	};

	return cmocka_run_group_tests_name("client/commands", tests, NULL, NULL);
}
