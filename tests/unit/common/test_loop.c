/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/clock.h"

static struct loop *loop;
static char calls[32]; /* one letter a callback, in their order */
static int pair[2];

static int new_loop(void **state)
{
	(void)state;
	calls[0] = '\0';
	pair[0] = pair[1] = -1;
	return loop_new(&loop);
}

static int free_loop(void **state)
{
	(void)state;
	loop_free(loop);
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	return 0;
}

static void note(char letter)
{
	size_t n = __builtin_strlen(calls);

	if (n < sizeof(calls) - 1) {
		calls[n] = letter;
		calls[n + 1] = '\0';
	}
}

static void on_letter(void *ctx)
{
	note(*(const char *)ctx);
}

static void on_stop(void *ctx)
{
	note(*(const char *)ctx);
	loop_stop(loop);
}

/* Milliseconds that the loop ran. */
static uint64_t run(void)
{
	uint64_t start = clock_boottime_ns();

	assert_int_equal(loop_run(loop), 0);
	return (clock_boottime_ns() - start) / NSEC_PER_MSEC;
}

static struct loop_event *timer(loop_callback callback, const char *letter)
{
	struct loop_event *event = NULL;

	assert_int_equal(loop_timer_new(loop, callback, (void *)letter, &event), 0);
	return event;
}

static void a_timer_fires_once_or_again_and_again(void **state)
{
	struct loop_event *once = timer(on_letter, "o"), *every = timer(on_letter, "e"), *stop = timer(on_stop, "s");

	(void)state;
	loop_timer_once(once, 5);
	loop_timer_every(every, 30);
	loop_timer_once(stop, 75);
	assert_true(run() >= 70);
	assert_string_equal(calls, "oees");
	loop_timer_stop(every);
	loop_timer_once(stop, 50);
	run();
	assert_string_equal(calls, "oeess");
	loop_event_free(once);
	loop_event_free(every);
	loop_event_free(stop);
	loop_event_free(NULL);
}

static void a_turn_ends_with_its_hooks_in_their_order(void **state)
{
	struct loop_event *stop = timer(on_stop, "s");

	(void)state;
	assert_int_equal(loop_after_turn(loop, on_letter, (void *)"1"), 0);
	assert_int_equal(loop_after_turn(loop, on_letter, (void *)"2"), 0);
	loop_timer_once(stop, 1);
	run();
	assert_string_equal(calls, "s12");
	loop_event_free(stop);
}

static void hooks_are_bounded_and_can_be_ended(void **state)
{
	static const char letters[] = "12345678";
	struct loop_event *stop = timer(on_stop, "s");

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(loop_after_turn(loop, on_letter, (void *)&letters[i]), 0);
	assert_true(loop_after_turn(loop, on_letter, (void *)"9") < 0);
	loop_after_turn_end(loop, on_letter, (void *)&letters[2]);
	loop_after_turn_end(loop, on_letter, (void *)"unknown");
	loop_timer_once(stop, 1);
	run();
	assert_string_equal(calls, "s1245678");
	loop_event_free(stop);
}

static void what_comes_up_after_a_turn_does_not_wait_for_an_event(void **state)
{
	struct loop_event *stop = timer(on_stop, "s");

	(void)state;
	/* The second turn is there at once although nothing happens for 200 ms. */
	assert_int_equal(loop_after_turn(loop, on_letter, (void *)"h"), 0);
	loop_timer_once(stop, 200);
	loop_again(loop);
	assert_true(run() >= 190);
	assert_string_equal(calls, "hsh");
	loop_event_free(stop);
}

static void watches_a_descriptor_both_ways(void **state)
{
	struct loop_event *watch = NULL, *stop = timer(on_stop, "s");
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(loop_fd_new(loop, pair[0], on_stop, on_stop, (void *)"f", &watch), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	run();
	assert_string_equal(calls, "f");
	loop_fd_want(watch, false, false);
	loop_timer_once(stop, 20);
	run();
	assert_string_equal(calls, "fs");
	assert_int_equal(read(pair[0], &byte, 1), 1);
	loop_fd_want(watch, true, true);
	run();
	assert_string_equal(calls, "fsf");
	loop_event_free(watch);
	loop_timer_once(stop, 20);
	run();
	assert_string_equal(calls, "fsfs");
	loop_event_free(stop);
}

static void raise_signal(void *ctx)
{
	(void)ctx;
	raise(SIGUSR1);
}

static void a_signal_is_a_callback_like_others(void **state)
{
	struct loop_event *soon = timer(raise_signal, NULL);

	(void)state;
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_stop, (void *)"u"), 0);
	loop_timer_once(soon, 1);
	run();
	assert_string_equal(calls, "u");
	loop_event_free(soon);
}

static void a_stop_before_the_start_is_not_lost(void **state)
{
	(void)state;
	loop_stop(loop);
	assert_true(run() < 1000);
}

int main(void)
{
#define LOOP(test) cmocka_unit_test_setup_teardown(test, new_loop, free_loop)
	const struct CMUnitTest tests[] = {
		LOOP(a_timer_fires_once_or_again_and_again),
		LOOP(a_turn_ends_with_its_hooks_in_their_order),
		LOOP(hooks_are_bounded_and_can_be_ended),
		LOOP(what_comes_up_after_a_turn_does_not_wait_for_an_event),
		LOOP(watches_a_descriptor_both_ways),
		LOOP(a_signal_is_a_callback_like_others),
		LOOP(a_stop_before_the_start_is_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
