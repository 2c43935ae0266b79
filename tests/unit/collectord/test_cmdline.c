/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void finds_the_start_behind_any_name(void **state)
{
	static const char *const names[] = {"sh", "a b", ") R 1 1", "(((", ""};
	uint64_t ticks;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			"7 (%s) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9 9",
			names[i]);
		assert_int_equal(cmdline_start_ticks(text, &ticks), 0);
		assert_int_equal(ticks, 4711);
	}
}

static void refuses_text_that_is_cut_off(void **state)
{
	uint64_t ticks = 5;

	(void)state;
	assert_int_equal(cmdline_start_ticks("", &ticks), -EPROTO);
	assert_int_equal(cmdline_start_ticks("7 (sh", &ticks), -EPROTO);
	assert_int_equal(cmdline_start_ticks("7 (sh) S 1 7 7 0 -1 4194560 1 2", &ticks), -EPROTO);
	assert_int_equal(ticks, 5);
}

static uint64_t own_start_ticks(void)
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	uint64_t ticks = 0;

	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(cmdline_start_ticks(text, &ticks), 0);
	return ticks;
}

static void reads_the_arguments_of_the_process_that_is_meant(void **state)
{
	_cleanup_(cmdline_close) struct cmdline cmdline = CMDLINE_INIT;
	uint64_t ticks = own_start_ticks();
	char args[1024];
	ssize_t n;

	(void)state;
	assert_int_equal(cmdline_open(&cmdline), 0);
	n = cmdline_read(
		&cmdline, (uint32_t)getpid(), ticks * cmdline.tick_ns + 3, args, sizeof(args));
	assert_true(n > 0);
	assert_non_null(memmem(args, (size_t)n, "test_cmdline", 12));
}

static void refuses_another_process_with_the_same_pid(void **state)
{
	_cleanup_(cmdline_close) struct cmdline cmdline = CMDLINE_INIT;
	char args[64];

	(void)state;
	assert_int_equal(cmdline_open(&cmdline), 0);
	assert_int_equal(cmdline_read(&cmdline, (uint32_t)getpid(), 1, args, sizeof(args)), -ESRCH);
}

static void says_when_there_is_no_such_process(void **state)
{
	_cleanup_(cmdline_close) struct cmdline cmdline = CMDLINE_INIT;
	char args[64];

	(void)state;
	assert_int_equal(cmdline_open(&cmdline), 0);
	assert_int_equal(cmdline_read(&cmdline, UINT32_MAX, 1, args, sizeof(args)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_start_behind_any_name),
		cmocka_unit_test(refuses_text_that_is_cut_off),
		cmocka_unit_test(reads_the_arguments_of_the_process_that_is_meant),
		cmocka_unit_test(refuses_another_process_with_the_same_pid),
		cmocka_unit_test(says_when_there_is_no_such_process),
	};

	return cmocka_run_group_tests_name("collectord/cmdline", tests, NULL, NULL);
}
