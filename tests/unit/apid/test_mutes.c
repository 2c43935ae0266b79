/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/mutes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

static struct made_frame made;
static struct mutes mutes;

static int set_up(void **state)
{
	(void)state;
	memset(&mutes, 0, sizeof(mutes));
	return 0;
}

static void told(enum mute_kind kind, const char *what, uint64_t until, uint64_t now)
{
	const struct mute mute = {.until_wall_ns = until, .kind = (uint16_t)kind};

	mutes_told(&mutes,
		make_frame(
			&made, FRAME_MUTE, &mute, (struct text[]){text_of(what), text_of("alice")}),
		now);
}

static unsigned count_at(uint64_t now)
{
	unsigned count = 0;

	for (const struct muted *m = NULL; (m = mutes_next(&mutes, m, now));)
		count++;
	return count;
}

static void is_shown_until_it_ends_or_is_taken_back(void **state)
{
	(void)state;
	told(MUTE_RULE, "storm", 10, 1);
	told(MUTE_CULPRIT, "storm", 20, 1);
	assert_int_equal(count_at(9), 2);
	assert_int_equal(count_at(10), 1);
	assert_string_equal(mutes_find(&mutes, MUTE_RULE, "storm", 9)->by, "alice");
	assert_null(mutes_find(&mutes, MUTE_RULE, "storm", 10));
	assert_null(mutes_find(&mutes, MUTE_RULE, "other", 9));
	told(MUTE_RULE, "storm", 30, 1);
	assert_int_equal(mutes_find(&mutes, MUTE_RULE, "storm", 9)->until_wall_ns, 30);
	told(MUTE_RULE, "storm", 0, 1);
	told(MUTE_RULE, "unknown", 0, 1);
	told(MUTE_RULE, "past", 5, 6);
	assert_int_equal(count_at(9), 1);
	mutes_forget(&mutes);
	assert_int_equal(count_at(9), 0);
}

static void more_than_enforcerd_allows_are_counted(void **state)
{
	char name[8];

	(void)state;
	for (unsigned i = 0; i < MUTES_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		told(MUTE_RULE, name, 10 + i, 1);
	}
	told(MUTE_RULE, "more", 99, 1);
	assert_int_equal(mutes.unlisted, 1);
	assert_null(mutes_find(&mutes, MUTE_RULE, "more", 1));
	told(MUTE_RULE, "more", 99, 10);
	assert_non_null(mutes_find(&mutes, MUTE_RULE, "more", 10));
	assert_int_equal(count_at(10), MUTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_shown_until_it_ends_or_is_taken_back, set_up),
		cmocka_unit_test_setup(more_than_enforcerd_allows_are_counted, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
