/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/body.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *why;

static int parse(const char *text, struct body *body)
{
	return body_parse(text, strlen(text), body, &why);
}

static void approver_and_reason_are_read(void **state)
{
	struct body body;

	(void)state;
	assert_int_equal(parse("{\"approver\":\"sre-alice\"}", &body), 0);
	assert_string_equal(body.approver, "sre-alice");
	assert_string_equal(body.reason, "");
	assert_int_equal(
		parse(" {\"reason\":\"it\\nleaks\",\"approver\":\"\\u00e4\"} \n", &body), 0);
	assert_string_equal(body.approver, "\xc3\xa4");
	assert_string_equal(body.reason, "it\nleaks");
}

static void anything_but_that_object_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"null",
		"1",
		"\"approver\"",
		"[]",
		"[{\"approver\":\"a\"}]",
		"{",
		"{}",
		"approver=a",
		"{\"approver\":\"a\"",
		"{\"approver\":\"a\"}}",
		"{\"approver\":\"a\"} {}",
		"{\"approver\":\"a\",}",
		"{'approver':'a'}",
		"{\"approver\":\"\"}",
		"{\"approver\":null}",
		"{\"approver\":1}",
		"{\"approver\":[\"a\"]}",
		"{\"approver\":\"a\",\"approver\":\"a\"}",
		"{\"Approver\":\"a\"}",
		"{\"approver\":\"a\",\"uid\":0}",
		"{\"approver\":\"a\",\"reason\":1}",
		"{\"approver\":\"a\\u0000b\"}",
		"{\"approver\":\"a\\nb\"}",
		"{\"approver\":\"a\\u0085\"}",
		"{\"approver\":\"\xff\"}",
		"{\"approver\":\"\\ud800\"}",
		"\xef\xbb\xbf{\"approver\":\"a\"}",
		"{\"approver\":{\"approver\":\"a\"}}",
	};
	struct body body;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i], &body) != -EINVAL)
			fail_msg("%s is taken", bad[i]);
}

static void lengths_are_bounded_to_the_byte(void **state)
{
	char text[2048];
	struct body body;

	(void)state;
	snprintf(text, sizeof(text), "{\"approver\":\"%0128d\",\"reason\":\"%0512d\"}", 0, 0);
	assert_int_equal(parse(text, &body), 0);
	snprintf(text, sizeof(text), "{\"approver\":\"%0129d\"}", 0);
	assert_int_equal(parse(text, &body), -EINVAL);
	snprintf(text, sizeof(text), "{\"approver\":\"a\",\"reason\":\"%0513d\"}", 0);
	assert_int_equal(parse(text, &body), -EINVAL);
}

static void deep_nesting_and_too_many_bytes_are_refused(void **state)
{
	static char text[BODY_BYTES_MAX + 1];
	struct body body;

	(void)state;
	memset(text, '[', sizeof(text));
	assert_int_equal(body_parse(text, BODY_BYTES_MAX, &body, &why), -EINVAL);
	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"approver\":\"a\"}", 16);
	assert_int_equal(body_parse(text, BODY_BYTES_MAX, &body, &why), 0);
	assert_int_equal(body_parse(text, BODY_BYTES_MAX + 1, &body, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(approver_and_reason_are_read),
		cmocka_unit_test(anything_but_that_object_is_refused),
		cmocka_unit_test(lengths_are_bounded_to_the_byte),
		cmocka_unit_test(deep_nesting_and_too_many_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
