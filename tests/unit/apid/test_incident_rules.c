/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct incident_rules rules;

static int tear_down(void **state)
{
	(void)state;
	incident_rules_done(&rules);
	return 0;
}

static void tell(const char *list)
{
	assert_int_equal(incident_rules_told(&rules, text_of(list)), 0);
}

static void names_of_alerts_and_of_the_list_stand_once(void **state)
{
	(void)state;
	assert_int_equal(incident_rules_alert(&rules, "storm", 5), 0);
	tell("storm, churn");
	tell("storm, churn, leak");
	assert_int_equal(incident_rules_alert(&rules, "churn", 7), 0);
	assert_int_equal(rules.count, 3);
	assert_string_equal(rules.list[0].name, "storm");
	assert_string_equal(rules.list[1].name, "churn");
	assert_int_equal(rules.list[1].told_wall_ns, 7);
	assert_int_equal(rules.list[2].told_wall_ns, 0);
	assert_true(incident_rules_has(&rules, "leak"));
	assert_false(incident_rules_has(&rules, "lea"));
}

static void the_newest_alert_of_a_rule_counts(void **state)
{
	(void)state;
	assert_int_equal(incident_rules_alert(&rules, "storm", 9), 0);
	assert_int_equal(incident_rules_alert(&rules, "storm", 5), 0);
	assert_int_equal(rules.list[0].told_wall_ns, 9);
}

static void a_name_with_a_comma_is_whole_if_an_alert_has_told_it(void **state)
{
	(void)state;
	assert_int_equal(incident_rules_alert(&rules, "a, b", 5), 0);
	assert_int_equal(incident_rules_alert(&rules, "a", 5), 0);
	tell("a, b, c, a");
	assert_int_equal(rules.count, 3);
	assert_string_equal(rules.list[2].name, "c");
}

static void separators_alone_name_nothing(void **state)
{
	(void)state;
	tell("");
	tell(", ");
	tell(", , ");
	tell("a, ");
	assert_int_equal(rules.count, 1);
	tell(",");
	assert_int_equal(rules.count, 2);
}

static void names_beyond_the_bound_are_counted(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < INCIDENT_RULES_MAX + 3; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		assert_int_equal(incident_rules_alert(&rules, name, 1), 0);
	}
	assert_int_equal(rules.count, INCIDENT_RULES_MAX);
	assert_int_equal(rules.refused, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names_of_alerts_and_of_the_list_stand_once, tear_down),
		cmocka_unit_test_teardown(the_newest_alert_of_a_rule_counts, tear_down),
		cmocka_unit_test_teardown(
			a_name_with_a_comma_is_whole_if_an_alert_has_told_it, tear_down),
		cmocka_unit_test_teardown(separators_alone_name_nothing, tear_down),
		cmocka_unit_test_teardown(names_beyond_the_bound_are_counted, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
