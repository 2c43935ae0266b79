/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct refusals refusals;

static int set_up(void **state)
{
	(void)state;
	memset(&refusals, 0, sizeof(refusals));
	return 0;
}

static void writes_one_line_a_second_for_each_uid(void **state)
{
	(void)state;
	assert_true(refusals_pass(&refusals, 1000, 0));
	assert_false(refusals_pass(&refusals, 1000, NSEC_PER_SEC - 1));
	assert_true(refusals_pass(&refusals, 1001, NSEC_PER_SEC - 1));
	assert_true(refusals_pass(&refusals, 1000, NSEC_PER_SEC));
}

static void counts_what_was_left_out_and_tells_it_once(void **state)
{
	uint64_t suppressed;
	uid_t uid;

	(void)state;
	assert_true(refusals_pass(&refusals, 1000, 0));
	for (int i = 0; i < 5; i++)
		assert_false(refusals_pass(&refusals, 1000, 10));
	assert_false(refusals_take(&refusals, 20, &uid, &suppressed));
	assert_true(refusals_take(&refusals, NSEC_PER_SEC, &uid, &suppressed));
	assert_int_equal(uid, 1000);
	assert_int_equal(suppressed, 5);
	assert_false(refusals_take(&refusals, NSEC_PER_SEC, &uid, &suppressed));
	assert_false(refusals_pass(&refusals, 1000, NSEC_PER_SEC + 1));
}

static void lets_many_uids_share_what_places_there_are(void **state)
{
	unsigned written = 0;

	(void)state;
	for (uid_t uid = 0; uid < 10 * REFUSALS_MAX; uid++) {
		(void)refusals_pass(&refusals, uid, 0);
		written += refusals_pass(&refusals, uid, 0);
	}
	assert_int_equal(written, 0);
	for (uid_t uid = 0; uid < 10 * REFUSALS_MAX; uid++)
		written += refusals_pass(&refusals, uid, 0);
	assert_int_equal(written, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_one_line_a_second_for_each_uid, set_up),
		cmocka_unit_test_setup(counts_what_was_left_out_and_tells_it_once, set_up),
		cmocka_unit_test_setup(lets_many_uids_share_what_places_there_are, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
