/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/peek.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "apid/routes.h"

static enum peek peek(const char *head)
{
	return peek_head(&api_routes, head, strlen(head));
}

static void decisions_and_whoami_are_shown_to_enforcerd_first(void **state)
{
	(void)state;
	assert_int_equal(
		peek("POST /actions/action-1/approve HTTP/1.1\r\nHost: x\r\n\r\n"), PEEK_CLAIM);
	assert_int_equal(peek("POST /actions/action-20/reject HTTP/1.0\r\n\r\n"), PEEK_CLAIM);
	assert_int_equal(peek("POST /enforcement/hold HTTP/1.1\r\n\r\n{\"appr"), PEEK_CLAIM);
	assert_int_equal(peek("POST /enforcement/resume HTTP/1.1\n\n"), PEEK_CLAIM);
	assert_int_equal(peek("GET /whoami HTTP/1.1\r\n\r\n"), PEEK_CLAIM);
	assert_int_equal(peek("POST /rules/mute HTTP/1.1\r\n\r\n{\"rule"), PEEK_CLAIM);
	assert_int_equal(peek("POST /enforcement/hold?x=1 HTTP/1.1\r\n\r\n"), PEEK_CLAIM);
}

static void everything_else_is_read_at_once(void **state)
{
	static const char *const heads[] = {
		"GET /alerts HTTP/1.1\r\n\r\n",
		"GET /rules/mute HTTP/1.1\r\n\r\n",
		"GET /actions/action-1/approve HTTP/1.1\r\n\r\n",
		"POST /actions/action-0/approve HTTP/1.1\r\n\r\n",
		"POST  /actions/action-1/approve HTTP/1.1\r\n\r\n",
		" POST /actions/action-1/approve HTTP/1.1\r\n\r\n",
		"post /enforcement/hold HTTP/1.1\r\n\r\n",
		"POST\r\n\r\n",
		"\r\n\r\n",
		"\n\n",
		"POST http://localhost/enforcement/hold HTTP/1.1\r\n\r\n",
		"\r\nPOST /enforcement/hold HTTP/1.1\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (peek(heads[i]) != PEEK_PLAIN)
			fail_msg("'%s'", heads[i]);
}

static void an_incomplete_head_is_waited_for(void **state)
{
	static const char head[] = "POST /enforcement/hold HTTP/1.1\r\nHost: localhost\r\n\r\n";

	(void)state;
	for (size_t len = 0; len < strlen(head); len++)
		assert_int_equal(peek_head(&api_routes, head, len), PEEK_MORE);
	assert_int_equal(peek(head), PEEK_CLAIM);
}

static void a_head_that_is_too_long_is_left_to_the_server(void **state)
{
	static char head[PEEK_HEAD_MAX];

	(void)state;
	memset(head, 'a', sizeof(head));
	memcpy(head, "POST /enforcement/hold HTTP/1.1\r\nX: ",
		strlen("POST /enforcement/hold HTTP/1.1\r\nX: "));
	assert_int_equal(peek_head(&api_routes, head, sizeof(head) - 1), PEEK_MORE);
	assert_int_equal(peek_head(&api_routes, head, sizeof(head)), PEEK_PLAIN);
}

static void a_nul_byte_matches_no_route(void **state)
{
	static const char head[] = "POST /enforcement/hold\0 HTTP/1.1\r\n\r\n";

	(void)state;
	assert_int_equal(peek_head(&api_routes, head, sizeof(head) - 1), PEEK_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_and_whoami_are_shown_to_enforcerd_first),
		cmocka_unit_test(everything_else_is_read_at_once),
		cmocka_unit_test(an_incomplete_head_is_waited_for),
		cmocka_unit_test(a_head_that_is_too_long_is_left_to_the_server),
		cmocka_unit_test(a_nul_byte_matches_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
