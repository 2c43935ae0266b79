/* SPDX-License-Identifier: AGPL-3.0-only */
/* What is a leak, and what only looks like one. */
#include "ruled/growth.h"
#include "tests/unit/ruled/engine_fixture.h"

#define USER 1000
#define LEAK "- {name: leak, detector: rss_growth_mb, threshold: 50, window_seconds: 10}\n"

static uint32_t start(struct fixture *f)
{
	uint32_t shell = made_process(&f->host, made_process(&f->host, 1, "sshd", 0), "bash", USER);
	uint32_t pid;

	use_rules(f, LEAK);
	made_connect(&f->host);
	pid = made_fork(&f->host, shell);
	made_exec(&f->host, pid, "/bin/leaky", "leaky");
	return pid;
}

/* Older than the window, and quiet so far. */
static uint32_t start_quiet(struct fixture *f)
{
	uint32_t pid = start(f);

	made_use(&f->host, pid)->anon_mb = 10;
	made_run(&f->host, 15);
	return pid;
}

static void a_leak_is_told_when_the_window_is_full(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);
	char expected[128];

	made_use(&f->host, leaky)->anon_mb_per_sec = 6.2;
	made_run(&f->host, 8);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leaky);
	assert_true(f->told[0].actionable);
	made_run(&f->host, 60);
	assert_int_equal(f->count, 2);
	snprintf(expected, sizeof(expected),
		"leaky (pid %u, uid 1000) grew by 62 MB within 10 s (limit 50)", leaky);
	assert_string_equal(f->told[1].message, expected);
}

static void a_leak_from_the_first_moment_on_is_told_too(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start(f);

	made_use(&f->host, leaky)->anon_mb_per_sec = 8;
	made_run(&f->host, 9);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leaky);
}

static void growth_below_the_threshold_is_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	made_use(&f->host, leaky)->anon_mb_per_sec = 4.95;
	made_run(&f->host, 60);
	assert_int_equal(f->count, 0);
}

static void allocation_at_the_start_is_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start(f);

	made_use(&f->host, leaky)->anon_mb_per_sec = 100;
	made_run(&f->host, 8);
	made_use(&f->host, leaky)->anon_mb_per_sec = 0.5;
	made_run(&f->host, 30);
	assert_int_equal(f->count, 0);
}

static void one_jump_is_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	for (unsigned i = 0; i < 30; i++) {
		made_use(&f->host, leaky)->anon_mb_per_sec = i % 15 == 7 ? 90 : 1;
		made_run(&f->host, 1);
	}
	assert_int_equal(f->count, 0);
}

static void what_has_stopped_growing_is_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	made_use(&f->host, leaky)->anon_mb_per_sec = 15;
	made_run(&f->host, 4);
	made_use(&f->host, leaky)->anon_mb_per_sec = 0;
	made_run(&f->host, 30);
	assert_int_equal(f->count, 0);
}

static void a_heap_that_breathes_is_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	for (unsigned i = 0; i < 60; i++) {
		made_use(&f->host, leaky)->anon_mb_per_sec = i % 4 < 2 ? 30 : -30;
		made_run(&f->host, 1);
	}
	assert_int_equal(f->count, 0);
}

static void pages_of_files_and_shared_memory_are_no_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	for (unsigned i = 0; i < 30; i++) {
		made_use(&f->host, leaky)->file_mb += 10;
		made_use(&f->host, leaky)->shmem_mb += 10;
		made_run(&f->host, 1);
	}
	assert_int_equal(f->count, 0);
}

static void a_leak_that_is_swapped_out_is_a_leak(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	for (unsigned i = 0; i < 12; i++) {
		made_use(&f->host, leaky)->swap_mb += 8;
		made_run(&f->host, 1);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leaky);
}

/* A long window is seen in steps. */
static void a_slow_leak_is_told_with_a_long_window(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	use_rules(
		f, "- {name: slow, detector: rss_growth_mb, threshold: 50, window_seconds: 600}\n");
	made_use(&f->host, leaky)->anon_mb_per_sec = 0.1;
	made_run(&f->host, 500);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 130);
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.value > 50 && f->told[0].frame.value < 62);
}

/* Most passes have no news of it, more than GROWTH_PASSES in a row. */
static void a_leak_in_bursts_is_told_with_a_long_window(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	use_rules(
		f, "- {name: slow, detector: rss_growth_mb, threshold: 50, window_seconds: 600}\n");
	for (unsigned burst = 0; burst < 21; burst++) {
		assert_true(f->count == 0 || burst > 18);
		made_use(&f->host, leaky)->anon_mb_per_sec = 1;
		made_run(&f->host, 3);
		made_use(&f->host, leaky)->anon_mb_per_sec = 0;
		made_run(&f->host, GROWTH_PASSES + 11);
	}
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.value > 50 && f->told[0].frame.value <= 66);
}

static void a_leak_that_ends_is_cleared(void **state)
{
	struct fixture *f = *state;
	uint32_t leaky = start_quiet(f);

	made_use(&f->host, leaky)->anon_mb_per_sec = 10;
	made_run(&f->host, 12);
	assert_int_equal(f->count, 1);
	made_use(&f->host, leaky)->anon_mb_per_sec = 0;
	made_run(&f->host, 75);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->cleared, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_leak_is_told_when_the_window_is_full),
		TEST(a_leak_from_the_first_moment_on_is_told_too),
		TEST(growth_below_the_threshold_is_no_leak),
		TEST(allocation_at_the_start_is_no_leak),
		TEST(one_jump_is_no_leak),
		TEST(what_has_stopped_growing_is_no_leak),
		TEST(a_heap_that_breathes_is_no_leak),
		TEST(pages_of_files_and_shared_memory_are_no_leak),
		TEST(a_leak_that_is_swapped_out_is_a_leak),
		TEST(a_slow_leak_is_told_with_a_long_window),
		TEST(a_leak_in_bursts_is_told_with_a_long_window),
		TEST(a_leak_that_ends_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
