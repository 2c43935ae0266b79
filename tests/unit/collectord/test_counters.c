/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

static void adds_up_the_entries_of_all_cpus(void **state)
{
	struct cpu_counters cpus[3] =
		{
			{.generated = {1, 2, 3, 4}, .filtered = 5},
			{.generated = {10, 20, 30, 40}, .dropped = {7}},
			{.programs[PROGRAM_TASK] = {.runs = 9}},
		},
			    sum;
	int fd = memfd_create("counters", MFD_CLOEXEC);
	struct counters_map map = {0};

	(void)state;
	assert_int_equal(write(fd, cpus, sizeof(cpus)), sizeof(cpus));
	assert_int_equal(counters_open(&map, fd, 3), 0);
	counters_sum(&map, &sum);
	assert_int_equal(sum.generated[COUNT_FORK], 11);
	assert_int_equal(sum.generated[COUNT_CGROUP], 44);
	assert_int_equal(sum.dropped[COUNT_FORK], 7);
	assert_int_equal(sum.filtered, 5);
	assert_int_equal(sum.programs[PROGRAM_TASK].runs, 9);
	counters_close(&map);
	close(fd);
}

static void extrapolates_the_time_of_a_program_from_the_runs_it_timed(void **state)
{
	const struct program_counter none = {.runs = 3},
				     some = {.runs = 640, .timed_runs = 10, .timed_ns = 2000};

	(void)state;
	assert_int_equal(counters_program_ns(&none), 0);
	assert_int_equal(counters_program_ns(&some), 128000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_the_entries_of_all_cpus),
		cmocka_unit_test(extrapolates_the_time_of_a_program_from_the_runs_it_timed),
	};

	return cmocka_run_group_tests_name("collectord/counters", tests, NULL, NULL);
}
