/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/hold.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char etc[64], linnix[80], file[96];

static int set_up(void **state)
{
	(void)state;
	strcpy(etc, "/tmp/linnix-hold-XXXXXX");
	if (!mkdtemp(etc))
		return -1;
	snprintf(linnix, sizeof(linnix), "%s/linnix", etc);
	snprintf(file, sizeof(file), "%s/linnix/hold", etc);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	(void)!unlink(linnix);
	rmdir(linnix);
	return rmdir(etc);
}

static void holds_as_long_as_the_file_exists(void **state)
{
	struct hold hold;

	(void)state;
	assert_int_equal(hold_open(&hold, etc), 0);
	assert_false(hold_look(&hold, 1));
	assert_null(hold_by(&hold));
	assert_int_equal(mkdir(linnix, 0755), 0);
	assert_false(hold_look(&hold, 2));
	close(open(file, O_CREAT | O_WRONLY, 0600));
	assert_true(hold_look(&hold, 3));
	assert_false(hold_look(&hold, 4));
	assert_string_equal(hold_by(&hold), HOLD_FILE);
	assert_int_equal(hold_since(&hold), 3);
	unlink(file);
	assert_true(hold_look(&hold, 5));
	assert_null(hold_by(&hold));
	close(hold.etc_fd);
}

static void outlasts_the_file_where_an_approver_holds_too(void **state)
{
	struct hold hold;

	(void)state;
	assert_int_equal(hold_open(&hold, etc), 0);
	hold.decided = true;
	hold.since_wall_ns = 9;
	strcpy(hold.by, "sre-alice");
	assert_false(hold_look(&hold, 1));
	assert_string_equal(hold_by(&hold), "sre-alice");
	assert_int_equal(hold_since(&hold), 9);
	close(hold.etc_fd);
}

static void holds_when_it_cannot_look(void **state)
{
	struct hold hold;

	(void)state;
	assert_int_equal(hold_open(&hold, etc), 0);
	assert_int_equal(symlink("linnix", linnix), 0); /* a loop */
	assert_true(hold_look(&hold, 1));
	assert_non_null(hold_by(&hold));
	close(hold.etc_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			holds_as_long_as_the_file_exists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			outlasts_the_file_where_an_approver_holds_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holds_when_it_cannot_look, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
