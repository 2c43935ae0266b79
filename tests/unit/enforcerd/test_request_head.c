/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/request_head.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define REST " HTTP/1.1\r\nHost: localhost:3000\r\n\r\n"

static struct request_head head;

static int read_text(const char *text)
{
	return request_head_read(text, strlen(text), &head);
}

static void assert_request(const char *text, enum verb verb, uint64_t action)
{
	assert_int_equal(read_text(text), 0);
	assert_int_equal(head.verb, verb);
	assert_int_equal(head.action, action);
}

static void reads_the_six_requests(void **state)
{
	(void)state;
	assert_request(
		"POST /actions/action-1/approve" REST "{\"approver\":\"x\"}", VERB_APPROVE, 1);
	assert_request(
		"POST /actions/action-18446744073709551615/reject" REST, VERB_REJECT, UINT64_MAX);
	assert_request("POST /enforcement/hold HTTP/1.0\r\n\r\n", VERB_HOLD, 0);
	assert_request("POST /enforcement/resume" REST, VERB_RESUME, 0);
	assert_request("POST /rules/mute" REST "{\"rule\":\"x\"}", VERB_MUTE, 0);
	assert_request("GET /whoami" REST, VERB_WHOAMI, 0);
}

static void takes_nothing_else_for_a_decision(void **state)
{
	static const char *const others[] = {
		"GET /actions/action-1/approve" REST,
		"post /actions/action-1/approve" REST,
		"POST /actions/action-1/approve?x=1" REST,
		"POST /actions/action-1/approve/" REST,
		"POST /actions/action-1/approve#" REST,
		"POST //actions/action-1/approve" REST,
		"POST /actions/action-01/approve" REST,
		"POST /actions/action-0/approve" REST,
		"POST /actions/action-/approve" REST,
		"POST /actions/action-+1/approve" REST,
		"POST /actions/action-1 /approve" REST,
		"POST /actions/action-18446744073709551616/approve" REST,
		"POST /actions/action%2d1/approve" REST,
		"POST http://localhost:3000/actions/action-1/approve" REST,
		"POST  /actions/action-1/approve" REST,
		"POST\t/actions/action-1/approve" REST,
		"POST /actions/action-1/approve HTTP/1.1 \r\n\r\n",
		"POST /actions/action-1/approve HTTP/1.2\r\n\r\n",
		"POST /actions/action-1/approve HTTP/2.0\r\n\r\n",
		"POST /actions/action-1/approve http/1.1\r\n\r\n",
		"POST /actions/action-1/approve\r\n\r\n",
		"POST /enforcement/holds" REST,
		"POST /whoami" REST,
		"GET /rules/mute" REST,
		"POST /rules/mute/" REST,
		"POST /rules/mute?rule=x" REST,
		"POST /rules/unmute" REST,
		" POST /enforcement/hold" REST,
		"\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		(void)!read_text(others[i]);
		assert_int_equal(head.verb, VERB_NONE);
		assert_int_equal(head.action, 0);
	}
}

static void refuses_what_a_relay_has_touched(void **state)
{
	static const char *const headers[] = {"Forwarded: for=1.2.3.4",
		"forwarded:", "Via: 1.1 proxy", "VIA:x", "X-Real-IP: ::1",
		"x-real-ip:", "X-Forwarded-For: 1.2.3.4", "x-forwarded-proto: https",
		"X-FORWARDED-HOST: a", "X-Forwarded: 1"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		strcpy(text, "POST /enforcement/hold HTTP/1.1\r\nHost: a\r\n");
		strcat(text, headers[i]);
		strcat(text, "\r\nAccept: */*\r\n\r\n");
		assert_int_equal(read_text(text), -EREMOTE);
		assert_int_equal(head.verb, VERB_HOLD);
	}
	assert_request("POST /enforcement/hold HTTP/1.1\r\nViable: 1\r\nX-Real: Via: 1\r\n\r\n",
		VERB_HOLD, 0);
	/* A header in the body is none. */
	assert_request("POST /enforcement/hold" REST "Via: 1\r\n\r\n", VERB_HOLD, 0);
}

static void refuses_heads_that_servers_read_differently(void **state)
{
	static const char *const malformed[] = {
		"POST /enforcement/hold HTTP/1.1\r\nA: b\r\n Via: 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nA: b\r\n\tVia: 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nA: b\nVia: 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nA: b\rVia: 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\nA: b\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nVia : 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\n: 1\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nno colon\r\n\r\n",
		"POST /enforcement/hold HTTP/1.1\r\nV\303\255a: 1\r\n\r\n",
	};
	const char nul[] = "POST /enforcement/hold HTTP/1.1\r\nA: b\0c\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
		assert_int_equal(read_text(malformed[i]), -EPROTO);
	assert_int_equal(request_head_read(nul, sizeof(nul) - 1, &head), -EPROTO);
}

static void waits_for_the_whole_head(void **state)
{
	const char *whole = "POST /actions/action-7/approve HTTP/1.1\r\nHost: a\r\n\r\n";

	(void)state;
	for (size_t len = 0; len < strlen(whole); len++)
		assert_int_equal(request_head_read(whole, len, &head), -EAGAIN);
	assert_int_equal(head.verb, VERB_APPROVE);
	assert_request(whole, VERB_APPROVE, 7);
}

static void gives_up_on_heads_beyond_the_bound(void **state)
{
	static char text[REQUEST_HEAD_MAX + 64];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "POST /enforcement/hold HTTP/1.1\r\nA:", 35);
	memcpy(text + REQUEST_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(request_head_read(text, sizeof(text), &head), 0);
	memcpy(text + REQUEST_HEAD_MAX - 4, "a\r\n\r\n", 5);
	assert_int_equal(request_head_read(text, sizeof(text), &head), -EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_six_requests),
		cmocka_unit_test(takes_nothing_else_for_a_decision),
		cmocka_unit_test(refuses_what_a_relay_has_touched),
		cmocka_unit_test(refuses_heads_that_servers_read_differently),
		cmocka_unit_test(waits_for_the_whole_head),
		cmocka_unit_test(gives_up_on_heads_beyond_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
