/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/user_names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/account.h"

static void a_name_is_looked_up_once_an_answer(void **state)
{
	char buffer[64];

	(void)state;
	for (unsigned round = 1; round <= 2; round++) {
		user_names_begin();
		for (unsigned i = 0; i < 4 * USER_NAMES_MAX; i++) {
			user_name(0, buffer, sizeof(buffer));
			assert_string_equal(buffer, "root");
			user_name(4200000 + i % 2, buffer, sizeof(buffer));
			assert_string_equal(buffer, i % 2 ? "4200001" : "4200000");
		}
		assert_int_equal(user_names_read(), 3);
	}
}

static void more_than_it_keeps_are_still_named(void **state)
{
	char buffer[64], expected[64];

	(void)state;
	user_names_begin();
	for (unsigned i = 0; i < 2 * USER_NAMES_MAX; i++)
		assert_string_equal(user_name(4200000 + i, buffer, sizeof(buffer)),
			account_name(4200000 + i, expected, sizeof(expected)));
	assert_string_equal(user_name(0, buffer, sizeof(buffer)), "root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_looked_up_once_an_answer),
		cmocka_unit_test(more_than_it_keeps_are_still_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
