/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct claims claims;

static int set_up(void **state)
{
	(void)state;
	memset(&claims, 0, sizeof(claims));
	return 0;
}

static int add(uint64_t connection, uint64_t cookie, uint64_t now_ns)
{
	int fd = open("/dev/null", O_RDONLY);
	struct peer peer = {.kind = PEER_TCP, .cookie = cookie};
	struct caller *caller;
	int r = claims_add(&claims, connection, now_ns, &peer, &fd, &caller);

	assert_true((r == 0) == (fd < 0));
	close_fd(&fd);
	return r;
}

static void finds_what_was_claimed(void **state)
{
	(void)state;
	assert_int_equal(add(1, 100, 0), 0);
	assert_int_equal(add(2, 200, 0), 0);
	assert_int_equal(claims_find(&claims, 2)->peer.cookie, 200);
	assert_null(claims_find(&claims, 3));
	assert_null(claims_find(&claims, 0));
	claims_expire(&claims, UINT64_MAX);
	assert_null(claims_find(&claims, 1));
}

static void takes_one_socket_for_one_decision_ever(void **state)
{
	(void)state;
	assert_int_equal(add(1, 100, 0), 0);
	assert_int_equal(add(2, 100, 0), -EEXIST);
	assert_int_equal(add(1, 101, 0), -EEXIST);
	caller_use(&claims, claims_find(&claims, 1));
	assert_true(claims_find(&claims, 1)->used);
	assert_int_equal(claims_find(&claims, 1)->fd, -1);
	caller_drop(claims_find(&claims, 1));
	assert_null(claims_find(&claims, 1));
	assert_int_equal(add(3, 100, 0), -EEXIST);
}

static void remembers_used_sockets_for_a_long_while(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= CLAIMS_SPENT_MAX + 1; i++) {
		assert_int_equal(add(i, i, 0), 0);
		caller_use(&claims, claims_find(&claims, i));
		caller_drop(claims_find(&claims, i));
	}
	assert_int_equal(add(1, 2, 0), -EEXIST);
	assert_int_equal(add(1, CLAIMS_SPENT_MAX + 1, 0), -EEXIST);
}

static void lets_a_socket_that_decided_nothing_come_again(void **state)
{
	(void)state;
	assert_int_equal(add(1, 100, 0), 0);
	caller_drop(claims_find(&claims, 1));
	assert_int_equal(add(2, 100, 0), 0);
	claims_expire(&claims, UINT64_MAX);
}

static void drops_claims_after_their_time(void **state)
{
	(void)state;
	assert_int_equal(add(1, 100, 5), 0);
	claims_expire(&claims, 5 + CLAIM_NS);
	assert_non_null(claims_find(&claims, 1));
	claims_expire(&claims, 6 + CLAIM_NS);
	assert_null(claims_find(&claims, 1));
}

static void is_bounded(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= CLAIMS_MAX; i++)
		assert_int_equal(add(i, i, 0), 0);
	assert_int_equal(add(CLAIMS_MAX + 1, CLAIMS_MAX + 1, 0), -ENOBUFS);
	caller_drop(claims_find(&claims, 7));
	assert_int_equal(add(CLAIMS_MAX + 1, CLAIMS_MAX + 1, 0), 0);
	claims_expire(&claims, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_what_was_claimed, set_up),
		cmocka_unit_test_setup(takes_one_socket_for_one_decision_ever, set_up),
		cmocka_unit_test_setup(remembers_used_sockets_for_a_long_while, set_up),
		cmocka_unit_test_setup(lets_a_socket_that_decided_nothing_come_again, set_up),
		cmocka_unit_test_setup(drops_claims_after_their_time, set_up),
		cmocka_unit_test_setup(is_bounded, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
