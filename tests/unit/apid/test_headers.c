/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/headers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *why;

static unsigned framing(
	bool bodiless, const char *name1, const char *value1, const char *name2, const char *value2)
{
	struct headers headers = {0};

	headers_add(&headers, name1, value1);
	if (name2)
		headers_add(&headers, name2, value2);
	return headers_framing(&headers, bodiless, &why);
}

static void a_message_has_one_length(void **state)
{
	(void)state;
	assert_int_equal(framing(false, "content-length", "12", NULL, NULL), 0);
	assert_int_equal(framing(false, "Transfer-Encoding", "Chunked", NULL, NULL), 0);
	assert_int_equal(framing(false, "Content-Length", "12", "Content-Length", "12"), 400);
	assert_int_equal(
		framing(false, "Content-Length", "12", "Transfer-Encoding", "chunked"), 400);
	assert_int_equal(
		framing(false, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"),
		400);
	assert_int_equal(framing(false, "Transfer-Encoding", "gzip, chunked", NULL, NULL), 501);
	assert_int_equal(framing(false, "Content-Length", "+1", NULL, NULL), 400);
	assert_int_equal(framing(false, "Content-Length", " 1", NULL, NULL), 400);
	assert_int_equal(framing(false, "Content-Length", "", NULL, NULL), 400);
	assert_int_equal(framing(false, "Content-Length", "1,1", NULL, NULL), 400);
}

static void a_method_without_body_has_none(void **state)
{
	(void)state;
	assert_int_equal(framing(true, "Content-Length", "0", NULL, NULL), 0);
	assert_int_equal(framing(true, "Content-Length", "1", NULL, NULL), 400);
	assert_int_equal(framing(true, "Transfer-Encoding", "chunked", NULL, NULL), 400);
}

static void a_name_that_is_no_token_is_malformed(void **state)
{
	(void)state;
	assert_int_equal(framing(false, "Content-Length ", "1", NULL, NULL), 400);
	assert_int_equal(framing(false, "", "1", NULL, NULL), 400);
	assert_int_equal(framing(false, "a\tb", "1", NULL, NULL), 400);
	assert_int_equal(framing(false, "X-\xc3\xa4", "1", NULL, NULL), 400);
	assert_int_equal(framing(false, "X_a.b~1", "1", NULL, NULL), 0);
}

static void the_first_value_is_kept_and_all_are_counted(void **state)
{
	struct headers headers = {0};

	(void)state;
	headers_add(&headers, "HOST", "a");
	headers_add(&headers, "host", "b");
	assert_string_equal(headers.value[HEADER_HOST], "a");
	assert_int_equal(headers.count[HEADER_HOST], 2);
	assert_int_equal(headers.count[HEADER_ORIGIN], 0);
}

static void accept_is_searched_for_a_whole_type(void **state)
{
	static const struct {
		const char *value;
		bool accepts;
	} rows[] = {
		{"text/event-stream", true},
		{"text/html, Text/Event-Stream;q=0.5", true},
		{"application/json,text/event-stream , */*", true},
		{"text/event-streams", false},
		{"*/*", false},
		{"xtext/event-stream", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct headers headers = {0};

		headers_add(&headers, "Accept", rows[i].value);
		if (headers_accept(&headers, "text/event-stream") != rows[i].accepts)
			fail_msg("%s", rows[i].value);
	}
}

static bool has(const char *value)
{
	struct headers headers = {0};

	headers_add(&headers, "if-none-match", value);
	return headers_has(&headers, "\"3-ab\"");
}

static void if_none_match_is_a_list_of_tags_or_a_star(void **state)
{
	struct headers headers = {0};

	(void)state;
	assert_true(has("\"3-ab\""));
	assert_true(has("W/\"3-ab\""));
	assert_true(has("\"1\", \"3-ab\" , \"4\""));
	assert_true(has("*"));
	assert_false(has(""));
	assert_false(has("3-ab"));
	assert_false(has("\"3-ab\"x"));
	assert_false(has("\"3-a\", \"3-abc\""));
	assert_false(has(",,, "));
	assert_false(headers_has(&headers, "\"3-ab\""));
	headers_add(&headers, "If-None-Match", "\"3-ab\"");
	headers_add(&headers, "If-None-Match", "\"3-ab\"");
	assert_false(headers_has(&headers, "\"3-ab\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_has_one_length),
		cmocka_unit_test(a_method_without_body_has_none),
		cmocka_unit_test(a_name_that_is_no_token_is_malformed),
		cmocka_unit_test(the_first_value_is_kept_and_all_are_counted),
		cmocka_unit_test(accept_is_searched_for_a_whole_type),
		cmocka_unit_test(if_none_match_is_a_list_of_tags_or_a_star),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
