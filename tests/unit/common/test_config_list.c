/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/config_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char CONSTANTS[][CONFIG_TEXT_MAX] = {"a", "b"};

static void lends_constants_without_copying(void **state)
{
	struct config_list list = config_list_of(CONSTANTS, 2);

	(void)state;
	assert_int_equal(list.count, 2);
	assert_ptr_equal(list.items, CONSTANTS);
	config_list_done(&list);
	assert_int_equal(list.count, 0);
	config_list_done(&list);
}

static void copies_constants_before_it_grows(void **state)
{
	_cleanup_(config_list_done) struct config_list list = config_list_of(CONSTANTS, 2);

	(void)state;
	assert_int_equal(config_list_add(&list, "c"), 0);
	assert_string_equal(list.items[0], "a");
	assert_string_equal(list.items[2], "c");
	assert_string_equal(CONSTANTS[1], "b");
	assert_true(config_list_has(&list, "c"));
	assert_false(config_list_has(&list, "C"));
}

static void stays_as_it_was_when_something_does_not_fit(void **state)
{
	_cleanup_(config_list_done) struct config_list list = {0};
	char text[CONFIG_TEXT_MAX + 1];

	(void)state;
	memset(text, 'x', CONFIG_TEXT_MAX);
	text[CONFIG_TEXT_MAX] = 0;
	assert_int_equal(config_list_add(&list, text), -ENAMETOOLONG);
	assert_int_equal(config_list_add(&list, text + 1), 0);
	for (int i = 1; i < CONFIG_LIST_MAX; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(config_list_add(&list, text), 0);
	}
	assert_int_equal(config_list_add(&list, "one more"), -ENOSPC);
	assert_int_equal(list.count, CONFIG_LIST_MAX);
	assert_string_equal(list.items[63], "63");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lends_constants_without_copying),
		cmocka_unit_test(copies_constants_before_it_grows),
		cmocka_unit_test(stays_as_it_was_when_something_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
