/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/fields.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static json_t *json;

static int load(void **state)
{
	(void)state;
	json = json_loads(
		"{\"a\":{\"b\":{\"c\":\"text\"}},\"n\":null,\"i\":12,\"r\":1.25,\"big\":1234567.5,"
		"\"t\":86400,\"y\":true,\"huge\":1e300,\"neg\":-5}",
		0, NULL);
	assert_non_null(json);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(json);
	return 0;
}

static void members_are_found_by_their_path(void **state)
{
	(void)state;
	assert_string_equal(field_string(json, "a.b.c"), "text");
	assert_null(field(json, "a.b.d"));
	assert_null(field(json, "a.b.c.d"));
	assert_null(field(json, "n"));
	assert_null(field(json, "i.x"));
	assert_null(field(NULL, "a"));
	assert_null(field_string(json, "i"));
	assert_true(field_number(json, "i") == 12 && field_number(json, "a") == 0);
	assert_true(field_true(json, "y") && !field_true(json, "i"));
}

static void numbers_and_bytes_are_short(void **state)
{
	char text[FIELD_TEXT_SIZE];

	(void)state;
	assert_string_equal(show_number(json, "i", text), "12");
	assert_string_equal(show_number(json, "r", text), "1.2");
	assert_string_equal(show_number(json, "big", text), "1234568");
	assert_string_equal(show_number(json, "huge", text), "-");
	assert_string_equal(show_number(json, "n", text), "-");
	assert_string_equal(show_bytes(json, "i", text), "12 B");
	assert_string_equal(show_bytes(json, "big", text), "1.2 MiB");
	assert_string_equal(show_bytes(json, "huge", text), "-");
	assert_string_equal(show_bytes(json, "neg", text), "-");
}

static void times_are_local_and_what_is_none_is_a_dash(void **state)
{
	char text[FIELD_TEXT_SIZE];

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_string_equal(show_time(json, "t", text), "1970-01-02 00:00:00");
	assert_string_equal(show_time(json, "n", text), "-");
	assert_string_equal(show_time(json, "huge", text), "-");
	assert_string_equal(show_time(json, "neg", text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_by_their_path),
		cmocka_unit_test(numbers_and_bytes_are_short),
		cmocka_unit_test(times_are_local_and_what_is_none_is_a_dash),
	};

	return cmocka_run_group_tests_name("client/fields", tests, load, unload);
}
