/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/json_line.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static char buffer[2048];
static struct json_line line;

static int begin(void **state)
{
	(void)state;
	json_line_init(&line, buffer, sizeof(buffer));
	return 0;
}

static void writes_nested_objects_and_arrays(void **state)
{
	(void)state;
	json_line_open(&line, NULL, '{');
	json_line_string(&line, "id", "action-1");
	json_line_open(&line, "action", '{');
	json_line_u64(&line, "pid", 31337);
	json_line_bool(&line, "strong", true);
	json_line_close(&line, '}');
	json_line_open(&line, "tree", '[');
	json_line_u64(&line, NULL, 1);
	json_line_string(&line, NULL, "two");
	json_line_open(&line, NULL, '{');
	json_line_close(&line, '}');
	json_line_open(&line, NULL, '[');
	json_line_close(&line, ']');
	json_line_close(&line, ']');
	json_line_null(&line, "outcome");
	json_line_bool(&line, "gone", false);
	json_line_close(&line, '}');
	assert_false(line.full);
	assert_string_equal(buffer, "{\"id\":\"action-1\",\"action\":{\"pid\":31337,\"strong\":true},"
				    "\"tree\":[1,\"two\",{},[]],\"outcome\":null,\"gone\":false}");
	assert_int_equal(line.used, strlen(buffer));
}

static void escapes_text_as_shown_and_then_for_json(void **state)
{
	static const char bytes[] = "a\"b\\c\n\0\x7f\xc2\x85\xc3\xbc\xff\xe2\x80\xa8";

	(void)state;
	json_line_text(&line, NULL, bytes, sizeof(bytes) - 1);
	assert_string_equal(buffer,
		"\"a\\\"b\\\\x5cc\\\\x0a\\\\x00\\\\x7f\\\\xc2\\\\x85\xc3\xbc\\\\xff\\\\xe2\\\\x80\\\\xa8\"");
}

static void no_byte_ends_a_string_early(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char c = (char)byte;
		size_t quotes = 0;

		begin(NULL);
		json_line_text(&line, NULL, &c, 1);
		for (size_t i = 0; i < line.used; i++) {
			assert_true((unsigned char)buffer[i] >= ' ' && (unsigned char)buffer[i] < 0x7f);
			if (buffer[i] == '\\')
				i++;
			else
				quotes += buffer[i] == '"';
		}
		assert_int_equal(quotes, 2);
	}
}

static void writes_numbers_in_their_shortest_form(void **state)
{
	static const struct {
		double value;
		int digits;
		const char *text;
	} cases[] = {
		{0, 3, "0"},
		{12.5, 3, "12.5"},
		{12.3456, 3, "12.346"},
		{100, 0, "100"},
		{100, 3, "100"},
		{-0.25, 2, "-0.25"},
		{1e15, 3, "1000000000000000"},
		{NAN, 3, "null"},
		{INFINITY, 3, "null"},
		{-INFINITY, 3, "null"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin(NULL);
		json_line_number(&line, NULL, cases[i].value, cases[i].digits);
		assert_string_equal(buffer, cases[i].text);
	}
	begin(NULL);
	json_line_number(&line, NULL, 1.7e308, 6);
	assert_int_equal(line.used, 309);
}

static void writes_nanoseconds_as_seconds_with_six_decimals(void **state)
{
	(void)state;
	json_line_open(&line, NULL, '[');
	json_line_seconds(&line, NULL, 0);
	json_line_seconds(&line, NULL, 1500000000ULL);
	json_line_seconds(&line, NULL, 999);
	json_line_seconds(&line, NULL, 1000);
	json_line_seconds(&line, NULL, UINT64_MAX);
	assert_string_equal(buffer, "[0.000000,1.500000,0.000000,0.000001,18446744073.709551");
}

static void a_line_that_does_not_fit_says_so_at_every_size(void **state)
{
	static const char whole[] = "{\"text\":\"a\\\"\\\\x0a\",\"n\":12}";

	(void)state;
	for (size_t size = 1; size <= sizeof(whole); size++) {
		memset(buffer, 0x55, sizeof(buffer));
		json_line_init(&line, buffer, size);
		json_line_open(&line, NULL, '{');
		json_line_string(&line, "text", "a\"\n");
		json_line_u64(&line, "n", 12);
		json_line_close(&line, '}');
		assert_int_equal(line.full, size < sizeof(whole));
		assert_true(line.used < size);
		assert_memory_equal(buffer, whole, line.used);
		assert_int_equal(buffer[line.used], '\0');
		assert_int_equal(buffer[size], 0x55);
	}
}

static void nothing_follows_what_did_not_fit(void **state)
{
	(void)state;
	json_line_init(&line, buffer, 8);
	json_line_string(&line, NULL, "abc");
	json_line_string(&line, NULL, "longer than what is left");
	json_line_u64(&line, NULL, 1);
	assert_true(line.full);
	assert_string_equal(buffer, "\"abc\",\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_nested_objects_and_arrays, begin),
		cmocka_unit_test_setup(escapes_text_as_shown_and_then_for_json, begin),
		cmocka_unit_test_setup(no_byte_ends_a_string_early, begin),
		cmocka_unit_test_setup(writes_numbers_in_their_shortest_form, begin),
		cmocka_unit_test_setup(writes_nanoseconds_as_seconds_with_six_decimals, begin),
		cmocka_unit_test_setup(a_line_that_does_not_fit_says_so_at_every_size, begin),
		cmocka_unit_test_setup(nothing_follows_what_did_not_fit, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
