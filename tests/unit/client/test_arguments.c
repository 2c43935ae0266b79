/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/arguments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arguments arguments;
static char why[256];

static int parse(const char *a, const char *b, const char *c, const char *d)
{
	char *argv[] = {(char *)"linnix", (char *)a, (char *)b, (char *)c, (char *)d, NULL};
	int argc = 1;

	while (argv[argc])
		argc++;
	why[0] = '\0';
	return arguments_parse(&arguments, argc, argv, why, sizeof(why));
}

static void options_may_stand_before_and_after_operands(void **state)
{
	(void)state;
	assert_int_equal(parse("--json", "alerts", "--limit", "5"), 0);
	assert_int_equal(arguments.operands, 1);
	assert_string_equal(arguments.operand[0], "alerts");
	assert_string_equal(arguments.value[ARG_LIMIT], "5");
	assert_string_equal(arguments.value[ARG_JSON], "");
	assert_null(arguments.value[ARG_RULE]);
	assert_int_equal(arguments.given, ARG_BIT(JSON) | ARG_BIT(LIMIT));
	assert_int_equal(parse("mute", "--for=2h", "--", "--odd"), 0);
	assert_string_equal(arguments.operand[1], "--odd");
	assert_string_equal(arguments.value[ARG_FOR], "2h");
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_int_equal(parse("alerts", "--nonsense", NULL, NULL), -EINVAL);
	assert_string_equal(why, "unknown option '--nonsense'");
	assert_int_equal(parse("alerts", "--limit", NULL, NULL), -EINVAL);
	assert_string_equal(why, "--limit needs a value");
	assert_int_equal(parse("--json=x", NULL, NULL, NULL), -EINVAL);
	assert_int_equal(parse("-x", NULL, NULL, NULL), -EINVAL);
}

static void there_is_an_end_to_operands(void **state)
{
	char *argv[] = {(char *)"linnix", (char *)"1", (char *)"2", (char *)"3", (char *)"4",
		(char *)"5", NULL};

	(void)state;
	assert_int_equal(arguments_parse(&arguments, 5, argv, why, sizeof(why)), 0);
	assert_int_equal(arguments_parse(&arguments, 6, argv, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "unexpected argument '5'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_may_stand_before_and_after_operands),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(there_is_an_end_to_operands),
	};

	return cmocka_run_group_tests_name("client/arguments", tests, NULL, NULL);
}
