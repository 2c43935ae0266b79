/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/duration.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void numbers_with_a_unit_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {{"0s", 0}, {"1s", 1}, {"90s", 90}, {"5m", 300}, {"2h", 7200}, {"1d", 86400},
		{"366d", DURATION_MAX_SECS}, {"31622400s", DURATION_MAX_SECS}};
	uint64_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(duration_parse(good[i].text, &seconds), 0);
		assert_int_equal(seconds, good[i].seconds);
	}
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "s", "2", "2 h", "2H", "-2h", "+2h", "2.5h", "02h",
		"2hh", "h2", "2w", "367d", "8785h", "99999999999999999999s"};
	uint64_t seconds = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_true(duration_parse(bad[i], &seconds) < 0);
	assert_int_equal(seconds, 7);
}

static void seconds_are_shown_with_two_units(void **state)
{
	char text[DURATION_TEXT_SIZE];

	(void)state;
	assert_string_equal(duration_text(0, text), "0s");
	assert_string_equal(duration_text(59, text), "59s");
	assert_string_equal(duration_text(60, text), "1m 0s");
	assert_string_equal(duration_text(3725, text), "1h 2m");
	assert_string_equal(duration_text(93600, text), "1d 2h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_with_a_unit_are_read),
		cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
		cmocka_unit_test(seconds_are_shown_with_two_units),
	};

	return cmocka_run_group_tests_name("client/duration", tests, NULL, NULL);
}
