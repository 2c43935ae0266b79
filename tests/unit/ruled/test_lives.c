/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/lives.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE (60 * NSEC_PER_SEC)

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void the_median_is_that_of_a_sorted_list(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (unsigned count = 1; count <= LIVES_MAX; count += 1 + count / 7) {
		struct lives lives = {0};
		uint64_t values[LIVES_MAX], median;

		for (unsigned i = 0; i < count; i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			values[i] = (random >> 40) % (count % 3 == 0 ? 5 : 100000);
			lives_add(&lives, 1000, values[i]);
		}
		qsort(values, count, sizeof(values[0]), compare);
		assert_true(lives_median(&lives, 1000, MINUTE, &median));
		assert_true(lives_mostly_within(&lives, 1000, MINUTE, (double)median));
		assert_false(lives_mostly_within(&lives, 1000, MINUTE, (double)median - 0.5));
		assert_int_equal(median, values[(count - 1) / 2]);
	}
}

static void only_the_newest_and_recent_count(void **state)
{
	struct lives lives = {0};
	uint64_t median;

	(void)state;
	assert_false(lives_median(&lives, 0, MINUTE, &median));
	for (unsigned i = 0; i < 3 * LIVES_MAX; i++)
		lives_add(&lives, 10 * MINUTE, i < 2 * LIVES_MAX ? 1 : 7);
	assert_true(lives_median(&lives, 10 * MINUTE, MINUTE, &median));
	assert_int_equal(median, 7);
	assert_false(lives_median(&lives, 11 * MINUTE, MINUTE, &median));
	lives_add(&lives, 11 * MINUTE, 3);
	assert_true(lives_median(&lives, 11 * MINUTE, MINUTE, &median));
	assert_int_equal(median, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_median_is_that_of_a_sorted_list),
		cmocka_unit_test(only_the_newest_and_recent_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
