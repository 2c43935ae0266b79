/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/alerts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

static struct made_frame made;

static const char *user(uid_t uid, char *buffer, size_t size)
{
	snprintf(buffer, size, "user%u", (unsigned)uid);
	return buffer;
}

static const struct frame *alert_frame(
	uint64_t epoch, uint64_t counter, const char *rule, uint32_t pid)
{
	const struct alert alert = {
		.epoch = epoch,
		.counter = counter,
		.time_ns = 1000 * NSEC_PER_SEC,
		.since_ns = 998 * NSEC_PER_SEC,
		.wall_ns = 1700000000123456789ULL,
		.since_wall_ns = 1699999998000000000ULL,
		.value = 15.5,
		.threshold = 10,
		.culprit = {.tgid = pid, .uid = 7, .start_ns = 990 * NSEC_PER_SEC, .comm = "a\\b"},
		.root_tgid = pid,
		.severity = SEVERITY_HIGH,
	};
	const struct text texts[ALERT_TEXTS] = {
		[ALERT_RULE] = text_of(rule),
		[ALERT_MESSAGE] = text_of("too \"many\"\n"),
		[ALERT_ARGS] = text_of("x \xff\xc3\xa4"),
		[ALERT_HOST] = text_of("box"),
	};

	return make_frame(&made, FRAME_ALERT, &alert, texts);
}

static int add(struct alerts *alerts, uint64_t epoch, uint64_t counter)
{
	const struct stored_alert *stored;

	return alerts_add(alerts, alert_frame(epoch, counter, "r", 5), user, &stored);
}

static const struct frame *note_frame(uint64_t counter, uint64_t action, const char *why)
{
	const struct alert_note note = {.epoch = 1, .counter = counter, .action = action};

	return make_frame(&made, FRAME_ALERT_NOTE, &note, (struct text[]){text_of(why)});
}

static void an_alert_has_its_documented_shape(void **state)
{
	struct alerts alerts = {0};
	const struct stored_alert *stored;

	(void)state;
	assert_int_equal(
		alerts_add(&alerts, alert_frame(0x2a, 3, "storm", 31337), user, &stored), 1);
	assert_string_equal(stored->json,
		"{\"id\":\"2a-3\",\"timestamp\":1700000000.123456,\"rule\":\"storm\",\"severity\":\"high\","
		"\"message\":\"too \\\"many\\\"\\\\x0a\",\"host\":\"box\",\"culprit\":{\"pid\":31337,"
		"\"start_time\":1699999990.123456,\"comm\":\"a\\\\x5cb\",\"exe\":null,\"args\":\"x \\\\xff\xc3\xa4\","
		"\"user\":\"user7\",\"uid\":7,\"cgroup\":null,\"unit\":null,\"container\":null,\"container_runtime\":null,\"pod\":null,\"root_pid\":31337},"
		"\"value\":15.5,\"threshold\":10.0,\"since\":1699999998.0,\"incident_id\":null,\"action\":null,"
		"\"action_refused\":null}");
	assert_int_equal(stored->json_len, strlen(stored->json));
	alerts_done(&alerts);
}

static void an_alert_about_nobody_has_no_culprit(void **state)
{
	struct alerts alerts = {0};
	const struct stored_alert *stored;

	(void)state;
	assert_int_equal(alerts_add(&alerts, alert_frame(1, 1, "r", 0), user, &stored), 1);
	assert_non_null(strstr(stored->json, "\"culprit\":null"));
	alerts_done(&alerts);
}

static void an_alert_that_comes_again_is_stored_once(void **state)
{
	struct alerts alerts = {0};

	(void)state;
	assert_int_equal(add(&alerts, 1, 1), 1);
	assert_int_equal(add(&alerts, 1, 3), 1);
	assert_int_equal(add(&alerts, 1, 1), 0);
	assert_int_equal(add(&alerts, 1, 2), 1);
	assert_int_equal(add(&alerts, 1, 3), 0);
	assert_int_equal(add(&alerts, 2, 1), 1);
	assert_int_equal(add(&alerts, 1, 2), 0);
	assert_int_equal(alerts.count, 4);
	assert_int_equal(alerts.duplicates, 3);
	alerts_done(&alerts);
}

static void a_note_changes_the_stored_alert(void **state)
{
	struct alerts alerts = {0};

	(void)state;
	assert_int_equal(add(&alerts, 1, 1), 1);
	assert_int_equal(add(&alerts, 1, 2), 1);
	assert_int_equal(alerts_note(&alerts, note_frame(1, 17, "")), 0);
	assert_non_null(strstr(alerts_newest(&alerts, 1)->json,
		",\"action\":\"action-17\",\"action_refused\":null}"));
	assert_int_equal(alerts_note(&alerts, note_frame(2, 0, "protected")), 0);
	assert_non_null(strstr(alerts_newest(&alerts, 0)->json,
		",\"action\":null,\"action_refused\":\"protected\"}"));
	assert_int_equal(alerts_note(&alerts, note_frame(9, 1, "")), -ENOENT);
	alerts_done(&alerts);
}

static void the_newest_ten_thousand_are_kept(void **state)
{
	struct alerts alerts = {0};
	size_t bytes = 0;

	(void)state;
	for (uint64_t i = 1; i <= ALERTS_MAX + 5; i++)
		assert_int_equal(add(&alerts, 1, i), 1);
	assert_int_equal(alerts.count, ALERTS_MAX);
	assert_int_equal(alerts.forgotten, 5);
	assert_int_equal(alerts_newest(&alerts, 0)->counter, ALERTS_MAX + 5);
	assert_int_equal(alerts_newest(&alerts, ALERTS_MAX - 1)->counter, 6);
	assert_null(alerts_newest(&alerts, ALERTS_MAX));
	for (unsigned age = 0; age < alerts.count; age++)
		bytes += alerts_newest(&alerts, age)->json_len;
	assert_int_equal(bytes, alerts.json_bytes);
	alerts_done(&alerts);
}

static void filters_hold_together(void **state)
{
	const struct stored_alert alert = {
		.wall_ns = 500, .severity = SEVERITY_LOW, .rule = "storm"};
	struct query query;

	(void)state;
	query_init(&query);
	assert_true(alert_matches(&alert, &query));
	query.given = PARAM_SINCE | PARAM_SEVERITY | PARAM_RULE;
	query.since_wall_ns = 500;
	query.severity = SEVERITY_LOW;
	strcpy(query.rule, "storm");
	assert_true(alert_matches(&alert, &query));
	query.since_wall_ns = 501;
	assert_false(alert_matches(&alert, &query));
	query.since_wall_ns = 0;
	strcpy(query.rule, "stor");
	assert_false(alert_matches(&alert, &query));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_has_its_documented_shape),
		cmocka_unit_test(an_alert_about_nobody_has_no_culprit),
		cmocka_unit_test(an_alert_that_comes_again_is_stored_once),
		cmocka_unit_test(a_note_changes_the_stored_alert),
		cmocka_unit_test(the_newest_ten_thousand_are_kept),
		cmocka_unit_test(filters_hold_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
