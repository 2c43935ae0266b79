/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/connections.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALICE	1000
#define MALLORY 1001
#define ROOT	0

static struct connections set;
static struct connection pool[CONNECTIONS_FDS_MAX];
static unsigned used;

static int begin(void **state)
{
	(void)state;
	connections_init(&set);
	used = 0;
	return 0;
}

/* As the server does it for one that a door has accepted. */
static struct connection *arrive(enum client client, uid_t uid, int *admitted)
{
	struct connection *c = &pool[used];

	*c = (struct connection){.client = client, .fd = -1};
	connections_add(&set, c);
	assert_ptr_equal(connections_next_fresh(&set), c);
	assert_int_equal(connections_settle(&set, c, (int)used++), 0);
	c->uid = uid;
	*admitted = connections_admit(&set, c);
	if (*admitted < 0)
		connections_remove(&set, c);
	return c;
}

/* How many of @most get in. */
static unsigned flood(enum client client, uid_t uid, unsigned most)
{
	unsigned in = 0;
	int r;

	while (most-- > 0 && connections_room(&set, client)) {
		arrive(client, uid, &r);
		in += r == 0;
	}
	return in;
}

static void is_found_by_number_descriptor_and_decision(void **state)
{
	struct connection *a, *b;
	int r;

	(void)state;
	a = arrive(CLIENT_TCP, 0, &r);
	b = arrive(CLIENT_UNIX, ALICE, &r);
	b->decision = 7;
	assert_ptr_equal(connections_first(&set), a);
	assert_ptr_equal(connections_find(&set, b->number), b);
	assert_ptr_equal(connections_at(&set, b->fd), b);
	assert_ptr_equal(connections_deciding(&set, 7), b);
	assert_null(connections_deciding(&set, 0));
	assert_null(connections_at(&set, -1));
	assert_null(connections_at(&set, CONNECTIONS_FDS_MAX));
	connections_remove(&set, b);
	assert_null(connections_find(&set, b->number));
	assert_null(connections_at(&set, b->fd));
	assert_int_equal(connections_held(&set), 1);
}

static void a_descriptor_beyond_the_bound_is_refused(void **state)
{
	struct connection c = {.client = CLIENT_TCP, .fd = -1};

	(void)state;
	connections_add(&set, &c);
	assert_true(connections_any(&set));
	assert_ptr_equal(connections_next_fresh(&set), &c);
	assert_null(connections_next_fresh(&set));
	assert_int_equal(connections_settle(&set, &c, CONNECTIONS_FDS_MAX), -EMFILE);
	assert_int_equal(connections_settle(&set, &c, -1), -EMFILE);
	connections_remove(&set, &c);
	assert_false(connections_any(&set));
	assert_int_equal(connections_held(&set), 0);
}

static void tcp_leaves_room_for_others(void **state)
{
	(void)state;
	assert_int_equal(flood(CLIENT_TCP, 0, 1000), CONNECTIONS_TCP);
	assert_false(connections_room(&set, CLIENT_TCP));
	assert_true(connections_room(&set, CLIENT_UNIX));
	assert_int_equal(flood(CLIENT_UNIX, ALICE, 1), 1);
}

static void one_user_leaves_room_for_another(void **state)
{
	(void)state;
	assert_int_equal(flood(CLIENT_TCP, 0, 1000), CONNECTIONS_TCP);
	assert_int_equal(flood(CLIENT_UNIX, MALLORY, 1000), CONNECTIONS_EACH_USER);
	assert_int_equal(flood(CLIENT_UNIX, ALICE, 5), 5);
}

static void all_users_together_leave_room_for_root(void **state)
{
	unsigned in = 0;

	(void)state;
	for (uid_t uid = 1; uid <= 30; uid++)
		in += flood(CLIENT_UNIX, uid, 40);
	assert_int_equal(in, CONNECTIONS_NOT_ROOT);
	assert_false(connections_room(&set, CLIENT_TCP));
	assert_int_equal(flood(CLIENT_UNIX, ROOT, 1000), CONNECTIONS_MAX - CONNECTIONS_NOT_ROOT);
	assert_false(connections_room(&set, CLIENT_UNIX));
}

static void who_was_turned_away_holds_nothing(void **state)
{
	(void)state;
	assert_int_equal(flood(CLIENT_UNIX, MALLORY, 1000), CONNECTIONS_EACH_USER);
	assert_int_equal(connections_held(&set), CONNECTIONS_EACH_USER);
	connections_remove(&set, connections_first(&set));
	assert_int_equal(flood(CLIENT_UNIX, MALLORY, 10), 1);
}

static void a_burst_is_bounded_before_anybody_is_known(void **state)
{
	(void)state;
	while (connections_room(&set, CLIENT_UNIX)) {
		pool[used] = (struct connection){.client = CLIENT_UNIX, .fd = -1};
		connections_add(&set, &pool[used++]);
	}
	assert_int_equal(used, CONNECTIONS_MAX);
}

static void streams_are_bounded_apart(void **state)
{
	int r;

	(void)state;
	for (unsigned i = 0; i < CONNECTIONS_STREAMS; i++) {
		struct connection *c = arrive(CLIENT_UNIX, ALICE, &r);

		assert_int_equal(r, 0);
		assert_int_equal(connections_stream(&set, c), 0);
	}
	assert_int_equal(connections_held(&set), 0);
	assert_int_equal(connections_stream(&set, arrive(CLIENT_UNIX, ALICE, &r)), -ENOBUFS);
	assert_int_equal(set.streams, CONNECTIONS_STREAMS);
	connections_remove(&set, connections_first(&set));
	assert_int_equal(set.streams, CONNECTIONS_STREAMS - 1);
	assert_int_equal(connections_held(&set), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_found_by_number_descriptor_and_decision, begin),
		cmocka_unit_test_setup(a_descriptor_beyond_the_bound_is_refused, begin),
		cmocka_unit_test_setup(tcp_leaves_room_for_others, begin),
		cmocka_unit_test_setup(one_user_leaves_room_for_another, begin),
		cmocka_unit_test_setup(all_users_together_leave_room_for_root, begin),
		cmocka_unit_test_setup(who_was_turned_away_holds_nothing, begin),
		cmocka_unit_test_setup(a_burst_is_bounded_before_anybody_is_known, begin),
		cmocka_unit_test_setup(streams_are_bounded_apart, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
