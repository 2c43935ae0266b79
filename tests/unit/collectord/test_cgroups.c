/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/cgroups.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int make(void **state)
{
	return cgroups_new((struct cgroups **)state);
}

static int drop(void **state)
{
	cgroups_free(*state);
	return 0;
}

struct seen {
	unsigned count, gone;
	int stop_at; /* refuse the entry with this number, once; -1: none */
	char last[64];
};

static int note(const struct cgroup_name *name, void *ctx)
{
	struct seen *seen = ctx;

	if (seen->stop_at >= 0 && seen->count == (unsigned)seen->stop_at) {
		seen->stop_at = -1;
		return -ENOBUFS;
	}
	seen->count++;
	seen->gone += name->gone;
	memcpy(seen->last, name->path, name->len);
	seen->last[name->len] = '\0';
	return 0;
}

static struct seen look(struct cgroups *cgroups)
{
	struct seen seen = {.stop_at = -1};
	unsigned bucket = 0;

	assert_int_equal(cgroups_each(cgroups, &bucket, note, &seen), 0);
	return seen;
}

static void shows_what_was_put_and_not_removed(void **state)
{
	assert_int_equal(cgroups_put(*state, 1, "/", 1), 0);
	assert_int_equal(cgroups_put(*state, 2, "/a", 2), 0);
	cgroups_remove(*state, 1);
	cgroups_remove(*state, 77);
	assert_int_equal(look(*state).count, 1);
	assert_string_equal(look(*state).last, "/a");
}

static void renames_a_known_key(void **state)
{
	assert_int_equal(cgroups_put(*state, 2, "/a", 2), 0);
	assert_int_equal(cgroups_put(*state, 2, "/longer", 7), 0);
	assert_int_equal(look(*state).count, 1);
	assert_string_equal(look(*state).last, "/longer");
}

static void refuses_and_counts_more_than_its_bound(void **state)
{
	for (uint64_t key = 0; key < CGROUPS_MAX; key++)
		assert_int_equal(cgroups_put(*state, key, "/x", 2), 0);
	assert_int_equal(cgroups_put(*state, CGROUPS_MAX, "/x", 2), -ENOSPC);
	assert_int_equal(cgroups_put(*state, 5, "/y", 2), 0);
	assert_int_equal(cgroups_count(*state), CGROUPS_MAX);
	assert_int_equal(cgroups_refused(*state), 1);
}

static void shows_what_a_walk_missed_once_more_as_gone(void **state)
{
	assert_int_equal(cgroups_put(*state, 1, "/", 1), 0);
	assert_int_equal(cgroups_put(*state, 2, "/old", 4), 0);
	cgroups_walk_begin(*state);
	assert_int_equal(cgroups_put(*state, 1, "/", 1), 0);
	assert_int_equal(cgroups_put(*state, 3, "/new", 4), 0);
	cgroups_walk_end(*state);
	assert_int_equal(look(*state).gone, 1);
	assert_int_equal(look(*state).gone, 0);
	assert_int_equal(cgroups_count(*state), 2);
}

static void goes_on_where_the_receiver_had_no_room(void **state)
{
	struct seen seen = {.stop_at = 40};
	unsigned bucket = 0;

	for (uint64_t key = 0; key < 100; key++)
		assert_int_equal(cgroups_put(*state, key, "/x", 2), 0);
	assert_int_equal(cgroups_each(*state, &bucket, note, &seen), -ENOBUFS);
	assert_int_equal(cgroups_each(*state, &bucket, note, &seen), 0);
	assert_true(seen.count >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shows_what_was_put_and_not_removed, make, drop),
		cmocka_unit_test_setup_teardown(renames_a_known_key, make, drop),
		cmocka_unit_test_setup_teardown(refuses_and_counts_more_than_its_bound, make, drop),
		cmocka_unit_test_setup_teardown(
			shows_what_a_walk_missed_once_more_as_gone, make, drop),
		cmocka_unit_test_setup_teardown(goes_on_where_the_receiver_had_no_room, make, drop),
	};

	return cmocka_run_group_tests_name("collectord/cgroups", tests, NULL, NULL);
}
