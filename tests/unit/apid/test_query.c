/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/query.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL                                                                                        \
	(PARAM_LIMIT | PARAM_SINCE | PARAM_SEVERITY | PARAM_RULE | PARAM_STATUS | PARAM_TYPES |    \
		PARAM_CURSOR | PARAM_START | PARAM_END)

static char why[256];

static int parse(const char *text, unsigned allowed, struct query *query)
{
	return query_parse(text, strlen(text), allowed, query, why, sizeof(why));
}

static void an_empty_query_gives_the_defaults(void **state)
{
	struct query query;

	(void)state;
	assert_int_equal(parse("", ALL, &query), 0);
	assert_int_equal(query.given, 0);
	assert_int_equal(query.limit, QUERY_LIMIT_DEFAULT);
	assert_int_equal(query.types, STREAM_ALL);
}

static void every_parameter_is_read(void **state)
{
	struct query query;

	(void)state;
	assert_int_equal(
		parse("limit=1000&since=1700000000.25&severity=high&rule=a+b%26%c3%a4&status=executed&types=action,alert"
		      "&cursor=ff-2a-7&start=1&end=2.5",
			ALL, &query),
		0);
	assert_int_equal(query.given, ALL);
	assert_int_equal(query.limit, 1000);
	assert_true(query.since_wall_ns == 1700000000250000000ULL);
	assert_int_equal(query.severity, SEVERITY_HIGH);
	assert_string_equal(query.rule, "a b&\xc3\xa4");
	assert_int_equal(query.status, STATUS_EXECUTED);
	assert_int_equal(query.types, STREAM_ALERT | STREAM_ACTION);
	assert_int_equal(query.cursor.opened_wall_ns, 255);
	assert_int_equal(query.cursor.id.epoch, 42);
	assert_int_equal(query.cursor.id.counter, 7);
	assert_true(query.start_wall_ns == NSEC_PER_SEC);
	assert_true(query.end_wall_ns == 2500000000ULL);
}

static void bad_repeated_and_unknown_parameters_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *name;
	} bad[] = {
		{"limit=0", "limit"},
		{"limit=1001", "limit"},
		{"limit=-1", "limit"},
		{"limit=01", "limit"},
		{"limit=1e3", "limit"},
		{"limit=", "limit"},
		{"limit", "limit"},
		{"limit=%00", "limit"},
		{"limit=1&limit=1", "limit"},
		{"Limit=1", "Limit"},
		{"since=x", "since"},
		{"since=-1", "since"},
		{"since=1.", "since"},
		{"since=1.1234567890", "since"},
		{"since=1.2x", "since"},
		{"since=99999999999", "since"},
		{"severity=HIGH", "severity"},
		{"rule=", "rule"},
		{"rule=%0a", "rule"},
		{"rule=%zz", "rule"},
		{"rule=%f", "rule"},
		{"rule=%ff", "rule"},
		{"status=gone", "status"},
		{"types=", "types"},
		{"types=alert,", "types"},
		{"types=alerts", "types"},
		{"types=alert,,incident", "types"},
		{"cursor=", "cursor"},
		{"cursor=ff", "cursor"},
		{"cursor=ff-2a", "cursor"},
		{"cursor=ff-2a-0", "cursor"},
		{"cursor=ff-2a-7-", "cursor"},
		{"cursor=0ff-2a-7", "cursor"},
		{"cursor=FF-2a-7", "cursor"},
		{"cursor=11111111111111111-2a-7", "cursor"},
		{"start=yesterday", "start"},
		{"end=-1", "end"},
		{"&limit=1", ""},
		{"=1", ""},
		{"nothing=1", "nothing"},
		{"a\xff=1", "a\\xff"},
	};
	struct query query;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "'%s'", bad[i].name);
		if (parse(bad[i].text, ALL, &query) != -EINVAL)
			fail_msg("%s is taken", bad[i].text);
		assert_non_null(strstr(why, quoted));
	}
}

static void the_status_of_an_incident_has_its_own_words(void **state)
{
	struct query query;

	(void)state;
	assert_int_equal(parse("status=open", PARAM_STATUS_OF_INCIDENT, &query), 0);
	assert_true(query.open);
	assert_int_equal(parse("status=cleared", PARAM_STATUS_OF_INCIDENT, &query), 0);
	assert_false(query.open);
	assert_int_equal(parse("status=pending", PARAM_STATUS_OF_INCIDENT, &query), -EINVAL);
	assert_int_equal(parse("status=open", PARAM_STATUS, &query), -EINVAL);
}

static void a_cursor_that_was_given_out_is_taken_back(void **state)
{
	const struct query_cursor cursor = {UINT64_MAX, {UINT64_MAX, UINT64_MAX}};
	char text[8 + QUERY_CURSOR_BYTES] = "cursor=";
	struct query query;

	(void)state;
	query_cursor_format(&cursor, text + 7);
	assert_int_equal(parse(text, PARAM_CURSOR, &query), 0);
	assert_memory_equal(&query.cursor, &cursor, sizeof(cursor));
}

static void a_rule_of_more_than_128_bytes_is_refused(void **state)
{
	char text[256] = "rule=";
	struct query query;

	(void)state;
	memset(text + 5, 'r', 128);
	assert_int_equal(parse(text, ALL, &query), 0);
	text[5 + 128] = 'r';
	assert_int_equal(parse(text, ALL, &query), -EINVAL);
}

static void a_parameter_of_another_route_is_unknown(void **state)
{
	struct query query;

	(void)state;
	assert_int_equal(parse("limit=5", PARAM_STATUS, &query), -EINVAL);
	assert_string_equal(why, "parameter 'limit' is not known here");
}

static void on_failure_the_result_is_untouched(void **state)
{
	struct query query = {.limit = 7};

	(void)state;
	assert_int_equal(parse("limit=5&x", PARAM_LIMIT, &query), -EINVAL);
	assert_int_equal(query.limit, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_query_gives_the_defaults),
		cmocka_unit_test(every_parameter_is_read),
		cmocka_unit_test(bad_repeated_and_unknown_parameters_are_refused_by_name),
		cmocka_unit_test(the_status_of_an_incident_has_its_own_words),
		cmocka_unit_test(a_cursor_that_was_given_out_is_taken_back),
		cmocka_unit_test(a_rule_of_more_than_128_bytes_is_refused),
		cmocka_unit_test(a_parameter_of_another_route_is_unknown),
		cmocka_unit_test(on_failure_the_result_is_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
