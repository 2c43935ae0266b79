/* SPDX-License-Identifier: AGPL-3.0-only */
/* connect_rate and connection_count on the made-up host. */
#include "tests/unit/ruled/engine_fixture.h"

#define USER	1000
#define RATE	"- {name: rate, detector: connect_rate, threshold: 20, duration: 3}\n"
#define PROCESS "- {name: own, detector: connect_rate, threshold: 20, duration: 3, scope: process}\n"
#define COUNT	"- {name: count, detector: connection_count, threshold: 100, duration: 2}\n"

static uint32_t shell_of(struct fixture *f)
{
	return made_process(&f->host, made_process(&f->host, 1, "sshd", 0), "bash", USER);
}

static uint32_t start(struct fixture *f, uint32_t parent, const char *exe)
{
	uint32_t pid = made_fork(&f->host, parent);

	made_exec(&f->host, pid, exe, exe);
	return pid;
}

static double seconds_since(const struct fixture *f, uint64_t from_ns)
{
	return (double)(f->told[f->count - 1].frame.time_ns - from_ns) / 1e9;
}

static void a_rate_of_connects_is_told_after_its_duration(void **state)
{
	struct fixture *f = *state;
	uint32_t crawler;
	uint64_t began_ns;
	char expected[128];

	use_rules(f, RATE);
	made_connect(&f->host);
	made_run(&f->host, 2);
	crawler = start(f, shell_of(f), "/usr/bin/crawler");
	began_ns = f->host.now_ns;
	made_use(&f->host, crawler)->connects_per_sec = 30;
	made_use(&f->host, crawler)->connects = 0.5; /* the counter is cut to a whole number */
	made_run(&f->host, 2);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 2);
	assert_int_equal(f->count, 1);
	assert_true(seconds_since(f, began_ns) >= 3 && seconds_since(f, began_ns) <= 4.05);
	assert_int_equal(f->told[0].frame.culprit.tgid, crawler);
	snprintf(expected, sizeof(expected),
		"crawler (pid %u, uid 1000) began 30.0 connections per second for 3 s (limit 20)", crawler);
	assert_string_equal(f->told[0].message, expected);
}

static void exactly_the_threshold_is_not_too_many(void **state)
{
	struct fixture *f = *state;
	uint32_t crawler;

	use_rules(f, RATE COUNT);
	made_connect(&f->host);
	crawler = start(f, shell_of(f), "/usr/bin/crawler");
	made_use(&f->host, crawler)->connects_per_sec = 20;
	made_use(&f->host, crawler)->connections = 100;
	made_run(&f->host, 10);
	assert_int_equal(f->count, 0);
	made_use(&f->host, crawler)->connects_per_sec = 21;
	made_use(&f->host, crawler)->connections = 101;
	made_run(&f->host, 10);
	assert_int_equal(f->count, 2);
}

/* What it connected before anybody looked is no rate. */
static void a_past_of_many_connects_is_no_rate(void **state)
{
	struct fixture *f = *state;
	uint32_t proxy = made_process(&f->host, 1, "proxy", USER);

	use_rules(f, RATE);
	made_use(&f->host, proxy)->connects = 1e6;
	made_connect(&f->host);
	made_use(&f->host, proxy)->connects_per_sec = 5;
	made_run(&f->host, 10);
	assert_int_equal(f->count, 0);
}

static void a_counter_that_wraps_goes_on(void **state)
{
	struct fixture *f = *state;
	uint32_t proxy = made_process(&f->host, 1, "proxy", USER);

	use_rules(f, RATE);
	made_use(&f->host, proxy)->connects = 4294967296.0 - 50;
	made_connect(&f->host);
	made_use(&f->host, proxy)->connects_per_sec = 30;
	made_run(&f->host, 4);
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.value > 29.9 && f->told[0].frame.value < 30.1);
}

/* A loop of short jobs, none of which lives when a pass comes. */
static void run_jobs(struct fixture *f, uint32_t parent, unsigned secs, double connects)
{
	for (unsigned i = 0; i < secs * 10; i++) {
		uint32_t job = start(f, parent, "/usr/bin/curl");

		made_use(&f->host, job)->connects = connects;
		made_wait_ms(&f->host, 100);
		made_exit(&f->host, job, 0);
		if (i % 10 == 9)
			made_partial_pass(&f->host);
	}
}

static void jobs_too_short_to_be_sampled_count_for_who_runs_them(void **state)
{
	struct fixture *f = *state;
	uint32_t loop;

	use_rules(f, RATE PROCESS);
	made_connect(&f->host);
	loop = start(f, shell_of(f), "/bin/loop");
	run_jobs(f, loop, 3, 2);
	assert_int_equal(f->count, 0);
	run_jobs(f, loop, 5, 3);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].rule, "rate");
	assert_int_equal(f->told[0].frame.culprit.tgid, loop);
	assert_true(f->told[0].frame.value > 29.9 && f->told[0].frame.value < 30.1);
}

static void a_tree_of_slow_ones_is_too_fast_together(void **state)
{
	struct fixture *f = *state;
	uint32_t pool;

	use_rules(f, RATE PROCESS);
	made_connect(&f->host);
	pool = start(f, shell_of(f), "/bin/pool");
	for (unsigned i = 0; i < 3; i++)
		made_use(&f->host, start(f, pool, "/bin/worker"))->connects_per_sec = 8;
	made_run(&f->host, 6);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].rule, "rate");
	assert_int_equal(f->told[0].frame.culprit.tgid, pool);
}

static void open_connections_are_those_of_the_process(void **state)
{
	struct fixture *f = *state;
	uint32_t server, worker;
	char expected[128];

	use_rules(f, COUNT);
	made_connect(&f->host);
	server = start(f, shell_of(f), "/bin/server");
	worker = start(f, server, "/bin/worker");
	made_use(&f->host, server)->connections = 60;
	made_use(&f->host, worker)->connections = 60;
	made_run(&f->host, 10);
	assert_int_equal(f->count, 0);
	made_use(&f->host, worker)->connections = 4000;
	made_run(&f->host, 2);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 1);
	assert_int_equal(f->count, 1);
	snprintf(expected, sizeof(expected),
		"worker (pid %u, uid 1000) had 4000 connections open for 2 s (limit 100)", worker);
	assert_string_equal(f->told[0].message, expected);
	made_use(&f->host, worker)->connections = 79;
	made_run(&f->host, 65);
	assert_int_equal(f->cleared, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_rate_of_connects_is_told_after_its_duration),
		TEST(exactly_the_threshold_is_not_too_many),
		TEST(a_past_of_many_connects_is_no_rate),
		TEST(a_counter_that_wraps_goes_on),
		TEST(jobs_too_short_to_be_sampled_count_for_who_runs_them),
		TEST(a_tree_of_slow_ones_is_too_fast_together),
		TEST(open_connections_are_those_of_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
