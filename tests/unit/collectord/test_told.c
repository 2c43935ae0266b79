/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/told.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct told told;

static int make(void **state)
{
	(void)state;
	told_init(&told, 1000);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	told_done(&told);
	return 0;
}

static struct sample sample_of(uint32_t tgid)
{
	return (struct sample){.process = {.tgid = tgid, .start_ns = 5, .time_ns = 7},
		.cpu_ns = 100,
		.fds = 3,
		.state = 'S'};
}

static enum told_news see(struct sample sample, uint32_t pass)
{
	enum told_news news = told_see(&told, &sample, pass);

	if (news == TOLD_NEW)
		told_sent(&told, &sample);
	return news;
}

static void an_unchanged_process_is_news_once(void **state)
{
	struct sample sample = sample_of(1);

	(void)state;
	assert_int_equal(see(sample, 1), TOLD_NEW);
	sample.process.time_ns = 8; /* when it was looked at, and in which pass, is no change */
	sample.pass = 2;
	sample.args_known = 1;
	sample.text_len[0] = 4;
	assert_int_equal(see(sample, 2), TOLD_SAME);
	assert_int_equal(see(sample, 3), TOLD_SAME);
}

static void any_change_is_news(void **state)
{
	struct sample sample = sample_of(1);

	(void)state;
	see(sample, 1);
	sample.cpu_ns++;
	assert_int_equal(see(sample, 2), TOLD_NEW);
	sample.state = 'R';
	assert_int_equal(see(sample, 3), TOLD_NEW);
	sample.fds--;
	assert_int_equal(see(sample, 4), TOLD_NEW);
	sample.connects++;
	assert_int_equal(see(sample, 4), TOLD_NEW);
	sample.connections++;
	assert_int_equal(see(sample, 4), TOLD_NEW);
	sample.process.comm[0] = 'x';
	assert_int_equal(see(sample, 5), TOLD_NEW);
	sample.process.ppid = 1;
	assert_int_equal(see(sample, 6), TOLD_NEW);
	assert_int_equal(see(sample, 7), TOLD_SAME);
}

static void what_was_not_sent_is_news_again(void **state)
{
	struct sample sample = sample_of(1);

	(void)state;
	assert_int_equal(told_see(&told, &sample, 1), TOLD_NEW);
	assert_int_equal(told_see(&told, &sample, 2), TOLD_NEW);
}

static void sums_never_shrink(void **state)
{
	struct sample sample = sample_of(1);

	(void)state;
	sample.read_bytes = 10;
	see(sample, 1);
	sample.cpu_ns = 60;
	sample.read_bytes = 4;
	assert_int_equal(told_see(&told, &sample, 2), TOLD_SAME);
	assert_int_equal(sample.cpu_ns, 100);
	assert_int_equal(sample.read_bytes, 10);
}

static unsigned missing(uint32_t pass, uint32_t *tgid)
{
	struct told_process *at = told.first, *process;
	unsigned count = 0;

	while ((process = told_missing(&at, pass))) {
		struct exit_inferred gone = told_inferred(process, 99);

		assert_int_equal(gone.start_ns, 5);
		assert_int_equal(gone.time_ns, 99);
		*tgid = gone.tgid;
		told_exit(&told, gone.tgid, gone.start_ns, false);
		count++;
	}
	told_sweep(&told);
	return count;
}

static void who_is_missing_without_an_end_is_found_once(void **state)
{
	uint32_t tgid = 0;

	(void)state;
	see(sample_of(1), 1);
	see(sample_of(2), 1);
	assert_int_equal(missing(1, &tgid), 0);
	see(sample_of(1), 2);
	assert_int_equal(missing(2, &tgid), 1);
	assert_int_equal(tgid, 2);
	see(sample_of(1), 3);
	assert_int_equal(missing(3, &tgid), 0);
}

static void who_has_ended_is_neither_missing_nor_told_again(void **state)
{
	uint32_t tgid = 0;

	(void)state;
	see(sample_of(1), 1);
	told_exit(&told, 1, 5, false);
	assert_int_equal(see(sample_of(1), 2), TOLD_GONE);
	assert_int_equal(missing(2, &tgid), 0);
	assert_int_equal(told.by_key.count, 0);
}

static void an_end_during_a_pass_is_kept_until_its_end(void **state)
{
	uint32_t tgid = 0;

	(void)state;
	told_exit(&told, 1, 5, false);
	assert_int_equal(told.by_key.count, 0);
	told_exit(&told, 1, 5, true);
	assert_int_equal(see(sample_of(1), 1), TOLD_GONE);
	assert_int_equal(missing(1, &tgid), 0);
	assert_int_equal(see(sample_of(1), 2), TOLD_NEW);
}

static void a_recycled_pid_is_another_process(void **state)
{
	struct sample again = sample_of(1);

	(void)state;
	see(sample_of(1), 1);
	told_exit(&told, 1, 5, false);
	again.process.start_ns = 6;
	assert_int_equal(see(again, 2), TOLD_NEW);
}

static void what_finds_no_place_is_counted_and_always_news(void **state)
{
	(void)state;
	for (uint32_t tgid = 1; tgid <= 1000; tgid++)
		assert_int_equal(see(sample_of(tgid), 1), TOLD_NEW);
	assert_int_equal(told.refused, 0);
	assert_int_equal(see(sample_of(1001), 1), TOLD_NEW);
	assert_int_equal(see(sample_of(1001), 1), TOLD_NEW);
	assert_int_equal(told.refused, 2);
	assert_int_equal(see(sample_of(1000), 1), TOLD_SAME);
}

static void a_new_listener_knows_nothing(void **state)
{
	(void)state;
	see(sample_of(1), 1);
	told_reset(&told);
	assert_null(told.first);
	assert_int_equal(see(sample_of(1), 2), TOLD_NEW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unchanged_process_is_news_once),
		TEST(any_change_is_news),
		TEST(what_was_not_sent_is_news_again),
		TEST(sums_never_shrink),
		TEST(who_is_missing_without_an_end_is_found_once),
		TEST(who_has_ended_is_neither_missing_nor_told_again),
		TEST(an_end_during_a_pass_is_kept_until_its_end),
		TEST(a_recycled_pid_is_another_process),
		TEST(what_finds_no_place_is_counted_and_always_news),
		TEST(a_new_listener_knows_nothing),
	};

	return cmocka_run_group_tests_name("collectord/told", tests, NULL, NULL);
}
