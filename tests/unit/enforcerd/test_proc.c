/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cmocka.h>

#define REST " 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 8192 1 18446744073709551615\n"

static int parse(const char *line, struct proc_stat *stat)
{
	return proc_parse_stat(line, strlen(line), stat);
}

static void reads_names_that_look_like_fields(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(parse("42 (a) R 1 1 (b)) S 7 40 30" REST, &stat), 0);
	assert_int_equal(stat.pid, 42);
	assert_string_equal(stat.comm, "a) R 1 1 (b)");
	assert_int_equal(stat.ppid, 7);
	assert_int_equal(stat.pgrp, 40);
	assert_int_equal(stat.session, 30);
	assert_int_equal(stat.start_ticks, 12345);
	assert_false(stat.dead || stat.stopped || stat.kernel_thread);
	assert_int_equal(parse("42 () S 7 40 30" REST, &stat), 0);
	assert_string_equal(stat.comm, "");
}

static void tells_the_dead_from_leaders_whose_threads_live(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(parse("42 (a) Z 7 40 30" REST, &stat), 0);
	assert_true(stat.dead);
	assert_int_equal(
		parse("42 (a) Z 7 40 30 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 2 0 12345\n", &stat), 0);
	assert_false(stat.dead);
	assert_int_equal(parse("42 (a) T 7 40 30" REST, &stat), 0);
	assert_true(stat.stopped);
}

static void knows_kernel_threads(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(
		parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5\n", &stat), 0);
	assert_true(stat.kernel_thread);
}

static void refuses_lines_that_are_cut(void **state)
{
	const char *line = "42 (a) S 7 40 30 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345";
	struct proc_stat stat;

	(void)state;
	for (size_t len = 0; len < strlen(line) - 5; len++) {
		char cut[128];

		memcpy(cut, line, len);
		cut[len] = '\0';
		assert_int_equal(parse(cut, &stat), -EPROTO);
	}
}

static void reads_itself(void **state)
{
	char name[] = "x\nUid:\t0\t0", args[64];
	struct proc_stat stat;
	uid_t uid;

	(void)state;
	assert_int_equal(proc_open(), 0);
	prctl(PR_SET_NAME, name);
	assert_int_equal(proc_stat((uint32_t)getpid(), &stat), 0);
	assert_int_equal(stat.ppid, getppid());
	assert_int_equal(stat.session, getsid(0));
	assert_string_equal(stat.comm, name);
	assert_int_equal(proc_uid((uint32_t)getpid(), &uid), 0);
	assert_int_equal(uid, geteuid());
	proc_args((uint32_t)getpid(), args, 8);
	assert_int_equal(strlen(args), 7);
	assert_int_equal(proc_stat(PROC_PID_MAX, &stat), -ESRCH);
}

static int look_for_me(uint32_t pid, void *ctx)
{
	*(unsigned *)ctx += pid == (uint32_t)getpid();
	return 0;
}

static void lists_every_process_each_time(void **state)
{
	unsigned found = 0;

	(void)state;
	assert_int_equal(proc_open(), 0);
	assert_int_equal(proc_each(look_for_me, &found), 0);
	assert_int_equal(proc_each(look_for_me, &found), 0);
	assert_int_equal(found, 2);
}

static void assert_shown(const char *cgroups, const char *expected)
{
	struct text shown = proc_cgroup_shown(cgroups);

	assert_int_equal(shown.len, strlen(expected));
	assert_memory_equal(shown.data, expected, shown.len);
}

/* Host after host: whichever hierarchy the collector names processes by there. */
static void shows_the_cgroup_the_collector_names(void **state)
{
	(void)state;
	/* v2 alone */
	assert_shown("0::/system.slice/a.service\n", "/system.slice/a.service");
	assert_shown("0::/v2:with:colons\n", "/v2:with:colons");
	assert_shown("0::/\n", "/");
	/* v1: controllers in hierarchies of their own, some together */
	assert_shown("12:pids:/user.slice\n9:memory:/user.slice/m\n4:cpu,cpuacct:/c\n"
		     "1:name=systemd:/user.slice/session-1.scope\n",
		"/user.slice");
	assert_shown("4:memory:/m\n3:cpu,pids,cpuacct:/together\n", "/together");
	assert_shown("4:memory,hugetlb:/m\n1:name=systemd:/s\n", "/m");
	/* hybrid: v2 is mounted, but the controllers are elsewhere */
	assert_shown("9:pids:/p\n4:memory:/m\n0::/v2\n", "/p");
	assert_shown("9:pids:/\n4:memory:/m\n0::/v2\n", "/");
	assert_shown("4:memory:/m\n1:name=systemd:/s\n0::/v2\n", "/m");
	assert_shown("2:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/v2\n", "/v2");
	/* names that only look like a controller's */
	assert_shown("9:pid:/a\n8:pidsx:/b\n7:xpids:/c\n0::/v2\n", "/v2");
	/* nothing at all */
	assert_shown("", "/");
	assert_shown("nonsense", "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names_that_look_like_fields),
		cmocka_unit_test(tells_the_dead_from_leaders_whose_threads_live),
		cmocka_unit_test(knows_kernel_threads),
		cmocka_unit_test(refuses_lines_that_are_cut),
		cmocka_unit_test(reads_itself),
		cmocka_unit_test(lists_every_process_each_time),
		cmocka_unit_test(shows_the_cgroup_the_collector_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
