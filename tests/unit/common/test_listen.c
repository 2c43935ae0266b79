/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void reads_loopback_addresses(void **state)
{
	struct sockaddr_storage address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
	socklen_t len;
	const char *why;

	(void)state;
	assert_int_equal(listen_parse("127.0.0.1:3000", &address, &len, &why), 0);
	assert_int_equal(len, sizeof(*v4));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohs(v4->sin_port), 3000);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(listen_parse("127.255.255.255:1", &address, &len, &why), 0);
	assert_int_equal(listen_parse("[::1]:65535", &address, &len, &why), 0);
	assert_int_equal(len, sizeof(*v6));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 65535);
	assert_memory_equal(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

static void refuses_everything_else(void **state)
{
	static const char *const bad[] = {"", ":", "3000", ":3000", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:03000", "127.0.0.1:-1",
		"127.0.0.1: 1", "127.0.0.1:1 ", "127.1:1", "127.0.0.1.:1", "128.0.0.1:1",
		"126.255.255.255:1", "0.0.0.0:1", "localhost:1", "::1:1", "[::1]", "[]:1", "[::1:1",
		"::1]:1", "[::]:1", "[::2]:1", "[::ffff:127.0.0.1]:1", "[::1%lo]:1",
		"[127.0.0.1]:1", "[fe80::1]:1", "[[::1]]:1",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:1"};
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t len = 7;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		const char *why = NULL;

		if (listen_parse(bad[i], &address, &len, &why) != -EINVAL)
			fail_msg("%s is taken for a loopback address", bad[i]);
		assert_non_null(why);
	}
	assert_int_equal(address.ss_family, AF_UNSPEC);
	assert_int_equal(len, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_loopback_addresses),
		cmocka_unit_test(refuses_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
