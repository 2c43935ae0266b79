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
	return body_parse(text, strlen(text), VERB_APPROVE, body, &why);
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

static int parse_mute(const char *text, struct body *body)
{
	return body_parse(text, strlen(text), VERB_MUTE, body, &why);
}

static void a_mute_says_what_and_how_long(void **state)
{
	struct body body;

	(void)state;
	assert_int_equal(
		parse_mute("{\"rule\":\"fork_storm\",\"seconds\":7200,\"approver\":\"a\"}", &body), 0);
	assert_int_equal(body.mute_kind, MUTE_RULE);
	assert_string_equal(body.what, "fork_storm");
	assert_int_equal(body.mute_secs, 7200);
	assert_string_equal(body.approver, "a");
	assert_int_equal(
		parse_mute("{\"culprit\":\"fifteen_bytes_ok\",\"seconds\":0,\"approver\":\"a\"}", &body),
		-EINVAL);
	assert_int_equal(
		parse_mute(
			"{\"culprit\":\"fifteen_bytes_o\",\"seconds\":0,\"approver\":\"a\",\"reason\":\"r\"}",
			&body),
		0);
	assert_int_equal(body.mute_kind, MUTE_CULPRIT);
	assert_int_equal(body.mute_secs, 0);
	assert_string_equal(body.reason, "r");
	assert_int_equal(
		parse_mute("{\"rule\":\"x\",\"seconds\":604800,\"approver\":\"a\"}", &body), 0);
}

static void a_mute_that_is_not_plain_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"approver\":\"a\"}",
		"{\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":1}",
		"{\"rule\":\"x\",\"culprit\":\"y\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"rule\":\"x\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":1,\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":null,\"culprit\":\"y\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":1,\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"a\\nb\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"culprit\":\"\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"culprit\":\"a\\u001b\",\"seconds\":1,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":-1,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":604801,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":99999999999999999999,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":1.5,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":\"1\",\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":true,\"approver\":\"a\"}",
		"{\"rule\":\"x\",\"seconds\":1,\"approver\":\"a\",\"until\":5}",
	};
	struct body body;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse_mute(bad[i], &body) != -EINVAL)
			fail_msg("%s is taken", bad[i]);
	snprintf(text, sizeof(text), "{\"rule\":\"%0128d\",\"seconds\":1,\"approver\":\"a\"}", 0);
	assert_int_equal(parse_mute(text, &body), 0);
	snprintf(text, sizeof(text), "{\"rule\":\"%0129d\",\"seconds\":1,\"approver\":\"a\"}", 0);
	assert_int_equal(parse_mute(text, &body), -EINVAL);
	/* Other decisions know nothing of it. */
	assert_int_equal(
		parse("{\"rule\":\"x\",\"seconds\":1,\"approver\":\"a\"}", &body), -EINVAL);
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
	assert_int_equal(body_parse(text, BODY_BYTES_MAX, VERB_HOLD, &body, &why), -EINVAL);
	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"approver\":\"a\"}", 16);
	assert_int_equal(body_parse(text, BODY_BYTES_MAX, VERB_HOLD, &body, &why), 0);
	assert_int_equal(body_parse(text, BODY_BYTES_MAX + 1, VERB_HOLD, &body, &why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(approver_and_reason_are_read),
		cmocka_unit_test(anything_but_that_object_is_refused),
		cmocka_unit_test(a_mute_says_what_and_how_long),
		cmocka_unit_test(a_mute_that_is_not_plain_is_refused),
		cmocka_unit_test(lengths_are_bounded_to_the_byte),
		cmocka_unit_test(deep_nesting_and_too_many_bytes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
