/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/replayed.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apid/client/fields.h"

static int add(struct replayed *replayed, const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	int r = replayed_add(replayed, json);

	json_decref(json);
	return r;
}

static void alerts_are_summed_up_by_rule_and_culprit(void **state)
{
	_cleanup_(replayed_done) struct replayed replayed = {0};
	json_t *json;

	(void)state;
	assert_int_equal(
		add(&replayed,
			"{\"rule\":\"a\",\"timestamp\":10.5,\"culprit\":{\"pid\":5,\"start_time\":1}}"),
		0);
	assert_int_equal(add(&replayed, "{\"rule\":\"b\",\"timestamp\":11,\"culprit\":null}"), 0);
	assert_int_equal(
		add(&replayed,
			"{\"rule\":\"a\",\"timestamp\":12,\"culprit\":{\"pid\":5,\"start_time\":1}}"),
		0);
	assert_int_equal(
		add(&replayed,
			"{\"rule\":\"a\",\"timestamp\":13,\"culprit\":{\"pid\":5,\"start_time\":2}}"),
		0);
	assert_int_equal(replayed.count, 2);
	assert_int_equal(replayed.alerts, 4);
	assert_int_equal(replayed.rules[0].span.alerts, 3);
	assert_int_equal(replayed.rules[0].count, 2);
	assert_int_equal(replayed.rules[0].culprits[0].span.alerts, 2);
	assert_true(replayed.rules[0].span.first == 10.5 && replayed.rules[0].span.last == 13);
	assert_null(replayed.rules[1].culprits[0].json);
	json = replayed_json(&replayed, 10);
	assert_true(field_number(json, "alerts") == 4);
	assert_true(field_number(json_array_get(field(json, "rules"), 0), "first_offset_s") == 0.5);
	json_decref(json);
}

static void what_is_no_alert_is_refused(void **state)
{
	_cleanup_(replayed_done) struct replayed replayed = {0};

	(void)state;
	assert_int_equal(add(&replayed, "{}"), -EINVAL);
	assert_int_equal(add(&replayed, "{\"rule\":\"a\"}"), -EINVAL);
	assert_int_equal(replayed_add(&replayed, NULL), -EINVAL);
	assert_int_equal(replayed.alerts, 0);
}

static void culprits_have_a_bound_and_the_rest_is_counted(void **state)
{
	_cleanup_(replayed_done) struct replayed replayed = {0};
	char text[128];

	(void)state;
	for (unsigned i = 0; i < REPLAYED_CULPRITS_MAX + 5; i++) {
		snprintf(text, sizeof(text),
			"{\"rule\":\"a\",\"timestamp\":1,\"culprit\":{\"pid\":%u,\"start_time\":1}}",
			i + 2);
		assert_int_equal(add(&replayed, text), 0);
	}
	assert_int_equal(replayed.rules[0].count, REPLAYED_CULPRITS_MAX);
	assert_int_equal(replayed.rules[0].others, 5);
	assert_int_equal(replayed.rules[0].span.alerts, REPLAYED_CULPRITS_MAX + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_are_summed_up_by_rule_and_culprit),
		cmocka_unit_test(what_is_no_alert_is_refused),
		cmocka_unit_test(culprits_have_a_bound_and_the_rest_is_counted),
	};

	return cmocka_run_group_tests_name("client/replayed", tests, NULL, NULL);
}
