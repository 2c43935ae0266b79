/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/suite.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

#define SECOND NSEC_PER_SEC

static struct made_frame made;
static const char *reasons[SUITE_REASONS_MAX];

static void alive(struct suite *suite, enum role role, uint64_t now_ns)
{
	const struct self self = {
		.role = (uint16_t)role, .pid = 100 + role, .cpu_ns = now_ns / 100};

	suite_self(suite, &self, now_ns);
}

static void enforcer(struct suite *suite, uint16_t audit_ok, uint16_t peers_ok, const char *why)
{
	const struct enforcer payload = {.audit_ok = audit_ok, .peers_ok = peers_ok};

	suite_enforcer(suite, make_frame(&made, FRAME_ENFORCER, &payload,
				      (struct text[]){text_of(""), text_of(why)}));
}

/* Everything up at @now_ns. */
static struct suite ready_suite(uint64_t now_ns)
{
	struct suite suite = {0};
	const struct counters counters = {.generated = {5}, .delivered = 5};

	suite_feed(&suite, true);
	suite_decisions(&suite, true);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		alive(&suite, (enum role)role, now_ns);
	suite_counters(&suite, &counters, now_ns);
	suite.detection.synced = 1;
	enforcer(&suite, 1, 1, "");
	return suite;
}

static void the_suite_is_ready_when_every_part_is(void **state)
{
	const struct suite suite = ready_suite(10 * SECOND);

	(void)state;
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 0);
	assert_int_equal(suite_reasons(&suite, true, 12 * SECOND, reasons), 0);
	assert_int_equal(suite_reasons(&suite, false, 10 * SECOND, reasons), 1);
	assert_string_equal(reasons[0], "the rules are not loaded");
}

static void silence_of_two_seconds_is_death(void **state)
{
	const struct suite suite = ready_suite(10 * SECOND);

	(void)state;
	assert_true(suite_up(&suite, ROLE_RULED, 12 * SECOND));
	assert_false(suite_up(&suite, ROLE_RULED, 12 * SECOND + 1));
	assert_int_equal(suite_reasons(&suite, true, 12 * SECOND + 1, reasons), 3);
}

static void a_lost_collector_takes_its_words_with_it(void **state)
{
	struct suite suite = ready_suite(10 * SECOND);
	const struct self gone = {.role = ROLE_COLLECTORD};
	const struct counters none = {0};

	(void)state;
	suite_self(&suite, &gone, 10 * SECOND);
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 1);
	assert_string_equal(reasons[0], "collectord is not running");
	alive(&suite, ROLE_COLLECTORD, 11 * SECOND);
	alive(&suite, ROLE_RULED, 11 * SECOND);
	suite_counters(&suite, &none, 11 * SECOND);
	assert_int_equal(suite_reasons(&suite, true, 11 * SECOND, reasons), 1);
	assert_string_equal(reasons[0], "no kernel event has been seen yet");
}

static void a_lost_feed_takes_both_daemons_behind_it(void **state)
{
	struct suite suite = ready_suite(10 * SECOND);

	(void)state;
	suite_feed(&suite, false);
	assert_false(suite_up(&suite, ROLE_COLLECTORD, 10 * SECOND));
	assert_false(suite_up(&suite, ROLE_RULED, 10 * SECOND));
	assert_true(suite_up(&suite, ROLE_ENFORCERD, 10 * SECOND));
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 1);
}

static void what_enforcerd_cannot_do_is_a_reason(void **state)
{
	struct suite suite = ready_suite(10 * SECOND);

	(void)state;
	enforcer(&suite, 0, 0, "disk full");
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 3);
	assert_string_equal(reasons[2], "disk full");
	suite_decisions(&suite, false);
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 1);
	suite_decisions(&suite, true);
	assert_int_equal(suite_reasons(&suite, true, 10 * SECOND, reasons), 1);
	assert_string_equal(reasons[0], "enforcerd has not answered for two seconds");
}

static void rates_are_differences_over_time(void **state)
{
	struct suite suite = ready_suite(10 * SECOND);
	const struct counters more = {.generated = {105, 100}, .delivered = 205};

	(void)state;
	suite_counters(&suite, &more, 12 * SECOND);
	assert_true(suite.events_per_sec == 100);
	alive(&suite, ROLE_RULED, 11 * SECOND);
	assert_true(suite.daemons[ROLE_RULED].cpu_pct == 1);
}

static void restarts_do_not_give_negative_rates(void **state)
{
	struct suite suite = ready_suite(10 * SECOND);
	const struct counters less = {.generated = {1}, .delivered = 1};
	const struct self reborn = {.role = ROLE_RULED, .pid = 999, .cpu_ns = 5};

	(void)state;
	suite_counters(&suite, &less, 11 * SECOND);
	assert_true(suite.events_per_sec == 0);
	suite_self(&suite, &reborn, 11 * SECOND);
	assert_true(suite.daemons[ROLE_RULED].cpu_pct == 0);
	assert_int_equal(suite.daemons[ROLE_RULED].self.pid, 999);
}

static void named_things_are_bounded_and_updated_in_place(void **state)
{
	struct suite suite = {0};
	char name[16];

	(void)state;
	for (unsigned i = 0; i < SUITE_NAMED_MAX + 3; i++) {
		const struct probe probe = {.attached = 0};

		snprintf(name, sizeof(name), "p%u", i);
		suite_probe(&suite, make_frame(&made, FRAME_PROBE, &probe,
					    (struct text[]){text_of(name), text_of("why")}));
	}
	assert_int_equal(suite.probe_count, SUITE_NAMED_MAX);
	assert_int_equal(suite.unlisted, 3);
	suite_probe(&suite, make_frame(&made, FRAME_PROBE, &(struct probe){.attached = 1},
				    (struct text[]){text_of("p0"), text_of("")}));
	assert_true(suite.probes[0].attached);
	assert_string_equal(suite.probes[0].why, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_suite_is_ready_when_every_part_is),
		cmocka_unit_test(silence_of_two_seconds_is_death),
		cmocka_unit_test(a_lost_collector_takes_its_words_with_it),
		cmocka_unit_test(a_lost_feed_takes_both_daemons_behind_it),
		cmocka_unit_test(what_enforcerd_cannot_do_is_a_reason),
		cmocka_unit_test(rates_are_differences_over_time),
		cmocka_unit_test(restarts_do_not_give_negative_rates),
		cmocka_unit_test(named_things_are_bounded_and_updated_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
