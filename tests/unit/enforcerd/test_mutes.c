/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/mutes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct mutes mutes;

static int set_up(void **state)
{
	(void)state;
	memset(&mutes, 0, sizeof(mutes));
	return 0;
}

static struct muting *add(enum mute_kind kind, const char *what, uint64_t now, uint64_t until)
{
	struct muting *place = mutes_place(&mutes, kind, what, now);

	if (place) {
		*place = (struct muting){.kind = kind, .until_wall_ns = until};
		snprintf(place->what, sizeof(place->what), "%s", what);
	}
	return place;
}

static unsigned count_at(uint64_t now)
{
	unsigned count = 0;

	for (const struct muting *m = NULL; (m = mutes_next(&mutes, m, now));)
		count++;
	return count;
}

static void one_of_a_name_stands_until_its_time(void **state)
{
	(void)state;
	add(MUTE_RULE, "storm", 1, 10);
	add(MUTE_CULPRIT, "storm", 1, 20);
	assert_int_equal(count_at(9), 2);
	assert_int_equal(count_at(10), 1);
	add(MUTE_RULE, "storm", 1, 30);
	assert_int_equal(count_at(20), 1);
	mutes_forget(&mutes, MUTE_CULPRIT, "storm");
	mutes_forget(&mutes, MUTE_CULPRIT, "unknown");
	assert_int_equal(count_at(9), 1);
}

static void what_is_over_makes_room(void **state)
{
	char name[8];

	(void)state;
	for (unsigned i = 0; i < MUTES_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		assert_non_null(add(MUTE_RULE, name, 1, 100 + i));
	}
	assert_null(add(MUTE_RULE, "more", 99, 300));
	assert_non_null(add(MUTE_RULE, "r7", 99, 300));
	assert_non_null(add(MUTE_RULE, "more", 100, 300));
	assert_int_equal(count_at(100), MUTES_MAX);
}

/* The clock was wrong when it was told, and has been set back since. */
static void none_stands_longer_than_any_may(void **state)
{
	const uint64_t now = 1700000000 * NSEC_PER_SEC, week = MUTE_SECS_MAX * NSEC_PER_SEC;

	(void)state;
	add(MUTE_RULE, "storm", now, now + week);
	assert_int_equal(count_at(now), 1);
	assert_int_equal(count_at(now - NSEC_PER_SEC), 1);
	assert_int_equal(count_at(now - 2 * week), 0);
	add(MUTE_RULE, "never", now, UINT64_MAX);
	assert_int_equal(count_at(now), 1);
}

static void lines_come_back_in_their_order(void **state)
{
	struct muting changed;

	(void)state;
	add(MUTE_RULE, "a", 1, 10)->line = mutes_line(&mutes);
	mutes_line(&mutes); /* of one that is forgotten */
	add(MUTE_RULE, "b", 1, 10)->line = mutes_line(&mutes);
	assert_int_equal(count_at(1), 0);
	assert_true(mutes_logged(&mutes, 0, &changed));
	assert_string_equal(changed.what, "a");
	assert_int_equal(changed.until_wall_ns, 10);
	assert_int_equal(count_at(1), 1);
	assert_false(mutes_logged(&mutes, 0, &changed));
	assert_true(mutes_logged(&mutes, -EIO, &changed));
	assert_string_equal(changed.what, "b");
	assert_int_equal(changed.until_wall_ns, 0);
	assert_int_equal(count_at(1), 1);
	assert_false(mutes_logged(&mutes, 0, &changed));
}

static void names_and_times_have_bounds(void **state)
{
	char longest[MUTE_TEXT_BYTES + 1];

	(void)state;
	memset(longest, 'r', sizeof(longest));
	longest[MUTE_TEXT_BYTES] = '\0';
	assert_null(mutes_invalid(MUTE_RULE, (struct text){longest, 128}, MUTE_SECS_MAX));
	assert_non_null(mutes_invalid(MUTE_RULE, (struct text){longest, 129}, 1));
	assert_null(mutes_invalid(MUTE_CULPRIT, (struct text){longest, 15}, 0));
	assert_non_null(mutes_invalid(MUTE_CULPRIT, (struct text){longest, 16}, 1));
	assert_non_null(mutes_invalid(MUTE_RULE, text_of("storm"), MUTE_SECS_MAX + 1));
	assert_non_null(mutes_invalid(MUTE_RULE, text_of("a\x1b"), 1));
	assert_non_null(mutes_invalid(MUTE_RULE, text_of(""), 1));
	assert_non_null(mutes_invalid(MUTE_KINDS, text_of("storm"), 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_of_a_name_stands_until_its_time, set_up),
		cmocka_unit_test_setup(what_is_over_makes_room, set_up),
		cmocka_unit_test_setup(none_stands_longer_than_any_may, set_up),
		cmocka_unit_test_setup(lines_come_back_in_their_order, set_up),
		cmocka_unit_test(names_and_times_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
