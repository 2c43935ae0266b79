/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/terminal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void cleans(const char *text, size_t len, const char *expected)
{
	_cleanup_free_ char *clean = clean_text(text, len);

	assert_non_null(clean);
	assert_string_equal(clean, expected);
}

static void what_the_api_has_escaped_stays_as_it_is(void **state)
{
	(void)state;
	cleans("a\\x1b[2J \xc3\xa4 \xe2\x82\xac", 15, "a\\x1b[2J \xc3\xa4 \xe2\x82\xac");
	cleans("", 0, "");
}

static void nothing_that_moves_a_cursor_passes(void **state)
{
	(void)state;
	cleans("\033]0;x\007\r\n\t\x7f", 10, "\\x1b]0;x\\x07\\x0d\\x0a\\x09\\x7f");
	cleans("\xc2\x9b"
	       "2J",
		4, "\\xc2\\x9b2J");
	cleans("\xff\xc3", 2, "\\xff\\xc3");
	cleans("a\0b", 3, "a\\x00b");
}

static void a_character_takes_one_column(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("a\xc3\xa4\xe2\x82\xac"), 3);
}

static void words_have_colours(void **state)
{
	(void)state;
	assert_string_not_equal(color_of("high"), "");
	assert_string_equal(color_of("highest"), "");
	assert_string_equal(color_of(""), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_api_has_escaped_stays_as_it_is),
		cmocka_unit_test(nothing_that_moves_a_cursor_passes),
		cmocka_unit_test(a_character_takes_one_column),
		cmocka_unit_test(words_have_colours),
	};

	return cmocka_run_group_tests_name("client/terminal", tests, NULL, NULL);
}
