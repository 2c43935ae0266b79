/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BEGIN_NS (1000 * NSEC_PER_SEC + 123456789)

/*
 * Adds @count events, @per_second, and returns the time of the first after which @threshold was
 * exceeded, or 0.
 */
static uint64_t first_over(
	struct window_shape shape, unsigned count, double per_second, double threshold)
{
	struct window *window = calloc(1, window_bytes(&shape));
	uint64_t over_ns = 0;

	assert_non_null(window);
	for (unsigned i = 0; i < count && over_ns == 0; i++) {
		uint64_t at_ns = BEGIN_NS + (uint64_t)(i * 1e9 / per_second);

		window_add(&shape, window, at_ns);
		if (window_over(&shape, window, threshold))
			over_ns = at_ns;
	}
	free(window);
	return over_ns;
}

static void exactly_the_threshold_never_fires(void **state)
{
	(void)state;
	for (uint32_t duration = 1; duration <= 60; duration = duration * 2 + 1)
		assert_int_equal(first_over(window_shape_rate(duration), 5000, 10, 10), 0);
	assert_int_equal(first_over(window_shape_rate(2), 100000, 1000, 1000), 0);
}

static void one_more_than_the_threshold_fires(void **state)
{
	(void)state;
	for (uint32_t duration = 1; duration <= 60; duration = duration * 2 + 1)
		assert_int_not_equal(first_over(window_shape_rate(duration), 5000, 11, 10), 0);
}

static void fires_after_the_duration_and_within_a_fifth_of_a_second(void **state)
{
	static const double rates[] = {11, 12, 15, 33, 100, 1000};

	(void)state;
	for (uint32_t duration = 1; duration <= 10; duration++) {
		for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
			uint64_t over_ns =
				first_over(window_shape_rate(duration), 20000, rates[i], 10);

			assert_true(over_ns >= BEGIN_NS + duration * NSEC_PER_SEC);
			assert_true(
				over_ns <= BEGIN_NS + duration * NSEC_PER_SEC + NSEC_PER_SEC / 5);
		}
	}
}

static void a_burst_is_no_sustained_rate(void **state)
{
	struct window_shape shape = window_shape_rate(2);
	struct window *window = calloc(1, window_bytes(&shape));

	(void)state;
	for (unsigned burst = 0; burst < 5; burst++) {
		for (unsigned i = 0; i < 1000; i++) {
			window_add(&shape, window, BEGIN_NS + burst * 2 * NSEC_PER_SEC + i);
			assert_false(window_over(&shape, window, 10));
		}
	}
	free(window);
}

static void two_seconds_without_events_interrupt_it(void **state)
{
	struct window_shape shape = window_shape_rate(3);
	struct window *window = calloc(1, window_bytes(&shape));
	uint64_t at_ns = BEGIN_NS;

	(void)state;
	for (unsigned i = 0; i < 290; i++, at_ns += NSEC_PER_SEC / 100)
		window_add(&shape, window, at_ns);
	at_ns += 2100 * NSEC_PER_MSEC;
	for (unsigned i = 0; i < 200; i++, at_ns += NSEC_PER_SEC / 100) {
		window_add(&shape, window, at_ns);
		assert_false(window_over(&shape, window, 10));
	}
	free(window);
}

/* Counts by hand what a real interval of the window's length holds, at random times. */
static void a_count_never_holds_more_than_a_real_interval(void **state)
{
	struct window_shape shape = window_shape_count(5);
	struct window *window = calloc(1, window_bytes(&shape));
	static uint64_t times[4000];
	uint64_t at_ns = BEGIN_NS, random = 1;
	uint64_t bucket_ns = window_span_ns(&shape) / shape.buckets;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
		unsigned real = 0, late = 0;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		at_ns += (random >> 33) % (20 * NSEC_PER_MSEC);
		times[i] = at_ns;
		window_add(&shape, window, at_ns);
		for (unsigned j = 0; j <= i; j++) {
			real += times[j] + 5 * NSEC_PER_SEC > at_ns;
			late += times[j] + 5 * NSEC_PER_SEC > at_ns + bucket_ns;
		}
		assert_true(window->total <= real);
		assert_true(window->total >= late);
	}
	free(window);
}

static void more_than_the_threshold_in_the_window_fires_at_once(void **state)
{
	(void)state;
	assert_int_equal(first_over(window_shape_count(5), 30, 1000, 30), 0);
	assert_int_equal(
		first_over(window_shape_count(5), 31, 1000, 30), BEGIN_NS + 30 * NSEC_PER_MSEC);
	assert_int_equal(first_over(window_shape_count(5), 1000, 6, 30), 0);
}

static void events_come_out_of_order(void **state)
{
	struct window_shape shape = window_shape_count(1);
	struct window *window = calloc(1, window_bytes(&shape));

	(void)state;
	window_add(&shape, window, BEGIN_NS);
	window_add(&shape, window, BEGIN_NS - 500 * NSEC_PER_MSEC);
	assert_int_equal(window->total, 2);
	assert_int_equal(window->first_ns, BEGIN_NS - 500 * NSEC_PER_MSEC);
	window_add(&shape, window, BEGIN_NS - 1500 * NSEC_PER_MSEC);
	assert_int_equal(window->total, 2);
	window_add(&shape, window, UINT64_MAX);
	assert_int_equal(window->total, 1);
	window_add(&shape, window, BEGIN_NS);
	assert_int_equal(window->total, 1);
	free(window);
}

static void says_since_when(void **state)
{
	struct window_shape shape = window_shape_rate(2);
	struct window *window = calloc(1, window_bytes(&shape));

	(void)state;
	for (unsigned i = 0; i <= 20; i++)
		window_add(&shape, window, BEGIN_NS + i * 100 * NSEC_PER_MSEC);
	assert_int_equal(window_since(&shape, window), BEGIN_NS);
	for (unsigned i = 21; i <= 60; i++)
		window_add(&shape, window, BEGIN_NS + i * 100 * NSEC_PER_MSEC);
	assert_true(window_since(&shape, window) > BEGIN_NS + 3900 * NSEC_PER_MSEC);
	assert_true(window_since(&shape, window) <= BEGIN_NS + 4100 * NSEC_PER_MSEC);
	free(window);
}

static void time_empties_it(void **state)
{
	struct window_shape shape = window_shape_count(10);
	struct window *window = calloc(1, window_bytes(&shape));

	(void)state;
	window_add(&shape, window, BEGIN_NS);
	window_advance(&shape, window, BEGIN_NS + 9 * NSEC_PER_SEC);
	assert_int_equal(window->total, 1);
	window_advance(&shape, window, BEGIN_NS + 11 * NSEC_PER_SEC);
	assert_int_equal(window->total, 0);
	free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_threshold_never_fires),
		cmocka_unit_test(one_more_than_the_threshold_fires),
		cmocka_unit_test(fires_after_the_duration_and_within_a_fifth_of_a_second),
		cmocka_unit_test(a_burst_is_no_sustained_rate),
		cmocka_unit_test(two_seconds_without_events_interrupt_it),
		cmocka_unit_test(a_count_never_holds_more_than_a_real_interval),
		cmocka_unit_test(more_than_the_threshold_in_the_window_fires_at_once),
		cmocka_unit_test(events_come_out_of_order),
		cmocka_unit_test(says_since_when),
		cmocka_unit_test(time_empties_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
