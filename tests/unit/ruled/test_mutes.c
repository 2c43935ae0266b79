/* SPDX-License-Identifier: AGPL-3.0-only */
/* The list alone, and what the engine keeps back because of it. */
#include "ruled/mutes.h"

#include <errno.h>

#include "tests/unit/ruled/engine_fixture.h"

#define STORM                                                                                      \
	"- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 5, severity: high}\n"
#define BURST                                                                                      \
	"- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5, cooldown: 5}\n"
#define LARGE                                                                                      \
	"- {name: large, detector: subtree_rss_mb, threshold: 100, duration: 2, cooldown: 5, scope: process}\n"

#define WALL (1700000000 * NSEC_PER_SEC) /* wall clock minus event time, as made_host tells it */

/* A MUTE of @what by alice. */
struct made_mute {
	struct mute payload;
	char tail[512];
	struct frame frame;
};

static const struct frame *mute_of(
	struct made_mute *made, enum mute_kind kind, const char *what, uint64_t until_wall_ns)
{
	made->payload = (struct mute){.until_wall_ns = until_wall_ns,
		.kind = (uint16_t)kind,
		.text_len = {(uint16_t)strlen(what), 5}};
	snprintf(made->tail, sizeof(made->tail), "%salice", what);
	made->frame = (struct frame){
		.spec = frame_spec(FRAME_MUTE), .payload = &made->payload, .tail = made->tail};
	return &made->frame;
}

static int set(struct mutes *mutes, const char *what, uint64_t until, uint64_t now)
{
	struct made_mute made;

	return mutes_set(mutes, mute_of(&made, MUTE_RULE, what, until), now);
}

static void stands_until_its_time_under_its_kind(void **state)
{
	struct mutes mutes = {0};

	(void)state;
	assert_int_equal(set(&mutes, "storm", 10, 1), 0);
	assert_int_equal(mutes_until(&mutes, MUTE_RULE, text_of("storm"), 9), 10);
	assert_int_equal(mutes_until(&mutes, MUTE_RULE, text_of("storm"), 10), 0);
	assert_int_equal(mutes_until(&mutes, MUTE_CULPRIT, text_of("storm"), 1), 0);
	assert_int_equal(mutes_until(&mutes, MUTE_RULE, text_of("stor"), 1), 0);
	assert_int_equal(mutes_until(&mutes, MUTE_RULE, text_of("storm2"), 1), 0);
	assert_string_equal(mutes_next(&mutes, NULL)->by, "alice");
	assert_int_equal(set(&mutes, "storm", 20, 1), 0);
	assert_int_equal(mutes_until(&mutes, MUTE_RULE, text_of("storm"), 19), 20);
	assert_null(mutes_next(&mutes, mutes_next(&mutes, NULL)));
	assert_int_equal(set(&mutes, "storm", 0, 1), 0);
	assert_int_equal(set(&mutes, "unknown", 0, 1), 0);
	assert_null(mutes_next(&mutes, NULL));
}

/* The clock was wrong when it was told, and has been set back since. */
static void none_stands_longer_than_any_may(void **state)
{
	const uint64_t week = 7 * 24 * 3600 * NSEC_PER_SEC, until = WALL + week;
	struct mutes mutes = {0};

	(void)state;
	assert_int_equal(set(&mutes, "storm", until, WALL), 0);
	assert_true(mutes_until(&mutes, MUTE_RULE, text_of("storm"), WALL) == until);
	assert_true(mutes_until(&mutes, MUTE_RULE, text_of("storm"), WALL - NSEC_PER_SEC) == until);
	assert_true(mutes_until(&mutes, MUTE_RULE, text_of("storm"), WALL - 2 * week) == 0);
}

static void has_bounds(void **state)
{
	struct mutes mutes = {0};
	char name[RULE_NAME_BYTES_MAX + 2];

	(void)state;
	for (unsigned i = 0; i < MUTES_MAX; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		assert_int_equal(set(&mutes, name, 10 + i, 1), 0);
	}
	assert_int_equal(set(&mutes, "more", 99, 9), -ENOBUFS);
	assert_int_equal(set(&mutes, "more", 99, 10), 0);
	memset(name, 'r', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(set(&mutes, name, 99, 60), -EPROTO);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(set(&mutes, name, 99, 60), 0);
	assert_int_equal(set(&mutes, "", 99, 60), -EPROTO);
}

static void mute(struct fixture *f, enum mute_kind kind, const char *what, uint64_t secs)
{
	struct made_mute made;
	uint64_t until = secs ? f->host.now_ns + WALL + secs * NSEC_PER_SEC : 0;

	assert_int_equal(engine_mute(f->engine, mute_of(&made, kind, what, until)), 0);
}

static uint64_t kept_back(const struct fixture *f)
{
	struct detection detection;

	engine_detection(f->engine, &detection);
	return detection.muted;
}

/* The first alert of @rule. */
static const struct told *first_of(const struct fixture *f, const char *rule)
{
	for (unsigned i = 0; i < f->count; i++)
		if (strcmp(f->told[i].rule, rule) == 0)
			return &f->told[i];
	return NULL;
}

static void a_muted_rule_is_told_again_when_the_mute_is_over(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", 1000);
	const struct told *first;
	struct rule rule;
	uint64_t muted_ns;

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	muted_ns = f->host.now_ns;
	mute(f, MUTE_RULE, "storm", 12);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.muted_until_wall_ns, muted_ns + WALL + 12 * NSEC_PER_SEC);
	made_storm(&f->host, shell, 150, 15); /* for ten seconds */
	assert_non_null(first_of(f, "burst"));
	assert_null(first_of(f, "storm"));
	assert_int_equal(kept_back(f), 2);
	assert_int_equal(f->told[f->count - 1].frame.counter, f->count);
	engine_rule(f->engine, 0, &rule);
	assert_true(rule.fired == 0 && rule.last_fired_wall_ns == 0 && rule.active == 0);
	made_storm(&f->host, shell, 120, 15);
	first = first_of(f, "storm");
	assert_non_null(first);
	assert_true(first->frame.time_ns >= muted_ns + 12 * NSEC_PER_SEC);
	assert_true(first->frame.time_ns <= muted_ns + (12 + 5) * NSEC_PER_SEC);
	assert_int_equal(kept_back(f), 2);
	engine_rule(f->engine, 0, &rule);
	assert_true(rule.muted_until_wall_ns == 0 && rule.active == 1);
}

static void a_muted_culprit_is_kept_back_by_every_rule_and_nobody_else_is(void **state)
{
	struct fixture *f = *state;
	uint32_t noisy = made_process(&f->host, 1, "noisy", 1000);
	uint32_t other = made_process(&f->host, 1, "other", 1000);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	mute(f, MUTE_CULPRIT, "noisy", 3600);
	made_storm(&f->host, noisy, 60, 15);
	assert_int_equal(f->count, 0);
	assert_int_equal(kept_back(f), 2);
	made_storm(&f->host, other, 60, 15);
	assert_int_equal(f->count, 2);
	assert_int_equal(naming(f, other), 2);
	assert_int_equal(f->cleared, 0);
	mute(f, MUTE_CULPRIT, "noisy", 0);
	made_storm(&f->host, noisy, 60, 15);
	assert_true(naming(f, noisy) >= 1);
}

static void a_muted_firing_clears_silently_and_a_told_one_aloud(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", 1000);

	use_rules(f, STORM);
	made_connect(&f->host);
	mute(f, MUTE_RULE, "storm", 10);
	made_storm(&f->host, shell, 60, 15);
	made_wait_ms(&f->host, 10000);
	assert_true(f->count == 0 && kept_back(f) == 1);
	assert_int_equal(f->cleared, 0);
	/* Told aloud, then muted when it comes again: what was told is over in its time. */
	made_storm(&f->host, shell, 60, 15);
	assert_int_equal(f->count, 1);
	mute(f, MUTE_RULE, "storm", 3600);
	made_storm(&f->host, shell, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(kept_back(f), 2);
	made_wait_ms(&f->host, 10000);
	assert_int_equal(f->cleared, 1);
	assert_int_equal(f->cleared_alert, f->told[0].frame.counter);
}

static void what_samples_show_is_muted_and_told_later_too(void **state)
{
	struct fixture *f = *state;
	uint32_t large = made_process(&f->host, 1, "large", 1000);

	use_rules(f, LARGE);
	made_use(&f->host, large)->anon_mb = 200;
	made_connect(&f->host);
	mute(f, MUTE_CULPRIT, "large", 9);
	made_run(&f->host, 8);
	assert_true(f->count == 0 && kept_back(f) == 2);
	made_run(&f->host, 8);
	assert_int_equal(naming(f, large), 1);
	assert_int_equal(kept_back(f), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stands_until_its_time_under_its_kind),
		cmocka_unit_test(none_stands_longer_than_any_may),
		cmocka_unit_test(has_bounds),
		cmocka_unit_test_setup_teardown(
			a_muted_rule_is_told_again_when_the_mute_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_muted_culprit_is_kept_back_by_every_rule_and_nobody_else_is, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_muted_firing_clears_silently_and_a_told_one_aloud, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_samples_show_is_muted_and_told_later_too, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
