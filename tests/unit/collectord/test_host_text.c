/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/host_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TICK_NS 10000000U

static int pressure_of(const char *text, struct pressure *pressure)
{
	return host_text_pressure(text_of(text), pressure);
}

static void reads_both_lines_of_a_pressure_file(void **state)
{
	struct pressure pressure;

	(void)state;
	assert_int_equal(
		pressure_of("some avg10=1.50 avg60=2.25 avg300=0.00 total=12345\n"
			    "full avg10=100.00 avg60=0.00 avg300=0.00 total=18446744073709551615\n",
			&pressure),
		0);
	assert_int_equal(pressure.some_avg10_centi, 150);
	assert_int_equal(pressure.some_total_us, 12345);
	assert_int_equal(pressure.full_avg10_centi, 10000);
	assert_true(pressure.full_total_us == UINT64_MAX);
}

static void does_without_the_full_line(void **state)
{
	struct pressure pressure;

	(void)state;
	assert_int_equal(
		pressure_of("some avg10=0.07 avg60=0.00 avg300=0.00 total=9\n", &pressure), 0);
	assert_int_equal(pressure.some_avg10_centi, 7);
	assert_int_equal(pressure.full_total_us, 0);
}

static void refuses_a_damaged_pressure_file(void **state)
{
	static const char *const bad[] = {"", "some", "some avg10=", "full avg10=1.00",
		"some avg10=1 avg60=0.00 avg300=0.00 total=1",
		"some avg10=1.5 avg60=0.00 avg300=0.00 total=1",
		"some avg10=-1.50 avg60=0.00 avg300=0.00 total=1",
		"some avg10=1.50 avg60=0.00 avg300=0.00 total=",
		"some avg10=1.50 avg60=0.00 avg300=0.00 total=18446744073709551616",
		"some avg10=99999999999.00 avg60=0.00 avg300=0.00 total=1",
		"some  avg10=1.50 avg60=0.00 avg300=0.00 total=1"};
	struct pressure pressure = {.some_total_us = 4711};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pressure_of(bad[i], &pressure), -EPROTO);
	assert_int_equal(pressure.some_total_us, 4711);
}

static void adds_up_the_time_of_all_cpus(void **state)
{
	struct host_sample sample;

	(void)state;
	assert_int_equal(host_text_stat(text_of("cpu  1 2 3 40 50 6 7 8 9 10\ncpu0 1 1 1\n"),
				 TICK_NS, &sample),
		0);
	assert_int_equal(sample.cpu_total_ns, 117ULL * TICK_NS);
	assert_int_equal(sample.cpu_busy_ns, 27ULL * TICK_NS);
}

static void refuses_a_damaged_stat_file(void **state)
{
	static const char *const bad[] = {"", "cpu", "cpu ", "cpu0 1 2 3 4 5 6 7 8\n",
		"cpu  1 2 3 4 5 6 7\n", "cpu  1 2 3 4 5 6 7 -8", "cpu  1 2 3 4 5 6 7 x",
		"cpu  18446744073709551615 1 1 1 1 1 1 1",
		"cpu  99999999999999999999 1 1 1 1 1 1 1"};
	struct host_sample sample = {.cpu_total_ns = 4711};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(host_text_stat(text_of(bad[i]), TICK_NS, &sample), -EPROTO);
	assert_int_equal(sample.cpu_total_ns, 4711);
}

static void finds_the_memory_that_is_available(void **state)
{
	struct host_sample sample = {0};

	(void)state;
	assert_int_equal(host_text_meminfo(text_of("MemTotal:  9 kB\nMemFree:  8 kB\n"
						   "MemAvailable:   2048 kB\n"),
				 &sample),
		0);
	assert_int_equal(sample.memory_available_bytes, 2048 * 1024);
	assert_int_equal(host_text_meminfo(text_of("MemTotal: 9 kB\n"), &sample), -EPROTO);
	assert_int_equal(host_text_meminfo(text_of("MemAvailable:"), &sample), -EPROTO);
	assert_int_equal(
		host_text_meminfo(text_of("MemAvailable: 18446744073709551615 kB"), &sample),
		-EPROTO);
	assert_int_equal(sample.memory_available_bytes, 2048 * 1024);
}

static void reads_the_load(void **state)
{
	struct host_sample sample = {0};

	(void)state;
	assert_int_equal(host_text_loadavg(text_of("0.05 12.34 100.00 1/99 77\n"), &sample), 0);
	assert_int_equal(sample.load1_centi, 5);
	assert_int_equal(sample.load5_centi, 1234);
	assert_int_equal(sample.load15_centi, 10000);
	assert_int_equal(host_text_loadavg(text_of("1.00 2.00"), &sample), -EPROTO);
	assert_int_equal(sample.load1_centi, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_lines_of_a_pressure_file),
		cmocka_unit_test(does_without_the_full_line),
		cmocka_unit_test(refuses_a_damaged_pressure_file),
		cmocka_unit_test(adds_up_the_time_of_all_cpus),
		cmocka_unit_test(refuses_a_damaged_stat_file),
		cmocka_unit_test(finds_the_memory_that_is_available),
		cmocka_unit_test(reads_the_load),
	};

	return cmocka_run_group_tests_name("collectord/host_text", tests, NULL, NULL);
}
