/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/head.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static long parse(const char *text, struct head *head)
{
	return head_parse(text, strlen(text), head);
}

static void status_length_and_kind_are_read(void **state)
{
	static const char sized[] =
		"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\ncontent-length:  12 \r\n\r\nrest";
	static const char stream[] =
		"HTTP/1.1 200\nContent-Type: text/event-stream; charset=utf-8\n\n";
	struct head head;

	(void)state;
	assert_int_equal(parse(sized, &head), strlen(sized) - 4);
	assert_int_equal(head.status, 200);
	assert_true(head.sized && !head.is_events);
	assert_int_equal(head.length, 12);
	assert_int_equal(parse(stream, &head), strlen(stream));
	assert_true(!head.sized && head.is_events);
}

static void a_head_that_is_not_whole_is_waited_for_at_every_byte(void **state)
{
	static const char whole[] = "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	struct head head = {.status = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) - 1; i++)
		assert_int_equal(head_parse(whole, i, &head), 0);
	assert_int_equal(head.status, 7);
	assert_int_equal(head_parse(whole, sizeof(whole) - 1, &head), sizeof(whole) - 1);
	assert_int_equal(head.status, 404);
}

static void what_is_no_answer_to_our_request_is_refused(void **state)
{
	static const char *const bad[] = {
		"\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.2 200 OK\r\n\r\n",
		"HTTP/1.0 20 OK\r\n\r\n",
		"HTTP/1.0 2000\r\n\r\n",
		"HTTP/1.0 099 x\r\n\r\n",
		"HTTP/1.0 600 x\r\n\r\n",
		"SSH-2.0-OpenSSH\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length:\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	};
	struct head head;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &head), -EPROTO);
}

static void a_head_without_end_is_refused(void **state)
{
	static char text[HEAD_BYTES_MAX + 100];
	struct head head;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "HTTP/1.0 200 OK\r\n", 17);
	assert_int_equal(head_parse(text, HEAD_BYTES_MAX - 1, &head), 0);
	assert_int_equal(head_parse(text, HEAD_BYTES_MAX, &head), -EPROTO);
	memcpy(text + HEAD_BYTES_MAX, "\r\n\r\n", 4);
	assert_int_equal(head_parse(text, HEAD_BYTES_MAX + 4, &head), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_length_and_kind_are_read),
		cmocka_unit_test(a_head_that_is_not_whole_is_waited_for_at_every_byte),
		cmocka_unit_test(what_is_no_answer_to_our_request_is_refused),
		cmocka_unit_test(a_head_without_end_is_refused),
	};

	return cmocka_run_group_tests_name("client/head", tests, NULL, NULL);
}
