/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void urls_name_host_and_port(void **state)
{
	struct endpoint endpoint;
	char text[400];

	(void)state;
	assert_int_equal(endpoint_url(&endpoint, "http://localhost"), 0);
	assert_string_equal(endpoint_text(&endpoint, text, sizeof(text)), "http://localhost:3000");
	assert_int_equal(endpoint_url(&endpoint, "http://127.0.0.1:80/"), 0);
	assert_string_equal(endpoint_text(&endpoint, text, sizeof(text)), "http://127.0.0.1:80");
	assert_int_equal(endpoint_url(&endpoint, "http://[::1]:65535"), 0);
	assert_string_equal(endpoint.host, "::1");
	assert_string_equal(endpoint_text(&endpoint, text, sizeof(text)), "http://[::1]:65535");
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "localhost", "https://localhost", "http://",
		"http://:80", "http://a:0", "http://a:65536", "http://a:", "http://a:x",
		"http://a/b", "http://a:80/b", "http://a b", "http://u@h", "http://a\r\nX: y",
		"http://[::1", "http://[]", "http://[::1]x", "http://[fe80::1%eth0]", "http://a?b"};
	struct endpoint endpoint = {.host = "before"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(endpoint_url(&endpoint, bad[i]), -EINVAL);
	assert_string_equal(endpoint.host, "before");
}

static void a_socket_is_told_with_what_it_falls_back_to(void **state)
{
	struct endpoint endpoint = {.socket = "/run/a"};
	char text[400];

	(void)state;
	assert_string_equal(endpoint_text(&endpoint, text, sizeof(text)), "/run/a");
	strcpy(endpoint.host, "h");
	strcpy(endpoint.port, "1");
	assert_string_equal(endpoint_text(&endpoint, text, sizeof(text)), "/run/a and http://h:1");
}

static void what_is_put_into_a_url_stays_one_part_of_it(void **state)
{
	char out[32] = "/a/";

	(void)state;
	assert_int_equal(url_append(out, sizeof(out), "x-1._~"), 0);
	assert_int_equal(url_append(out, sizeof(out), "/?& \r\xff"), 0);
	assert_string_equal(out, "/a/x-1._~%2F%3F%26%20%0D%FF");
	assert_int_equal(url_append(out, sizeof(out), "too long"), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_name_host_and_port),
		cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
		cmocka_unit_test(a_socket_is_told_with_what_it_falls_back_to),
		cmocka_unit_test(what_is_put_into_a_url_stays_one_part_of_it),
	};

	return cmocka_run_group_tests_name("client/endpoint", tests, NULL, NULL);
}
