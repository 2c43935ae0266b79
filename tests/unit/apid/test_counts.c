/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/counts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct counts counts;

static void a_status_without_a_place_counts_as_500(void **state)
{
	(void)state;
	assert_int_equal(counts_status_code(counts_status_index(422)), 422);
	assert_int_equal(counts_status_code(counts_status_index(418)), 500);
	assert_string_equal(counts_status_title(421), "Misdirected Request");
	counts_request(&counts, 3, 404);
	counts_request(&counts, 1000, 404);
	assert_int_equal(counts.requests[3][STATUS_INDEX_404], 1);
	assert_int_equal(counts.requests[COUNTS_ROUTES_MAX][STATUS_INDEX_404], 1);
}

static void alerts_are_counted_by_rule_until_the_table_is_full(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < COUNTS_RULES_MAX + 5; i++) {
		snprintf(name, sizeof(name), "rule%d", i);
		counts_alert(&counts, name, SEVERITY_LOW);
	}
	counts_alert(&counts, "rule0", SEVERITY_LOW);
	counts_alert(&counts, "rule0", SEVERITY_COUNT);
	assert_int_equal(counts.rule_count, COUNTS_RULES_MAX);
	assert_int_equal(counts.rules[0].alerts[SEVERITY_LOW], 2);
	assert_int_equal(counts.alerts_other[SEVERITY_LOW], 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_without_a_place_counts_as_500),
		cmocka_unit_test(alerts_are_counted_by_rule_until_the_table_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
