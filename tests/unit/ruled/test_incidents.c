/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/incidents.h"

#include "tests/unit/ruled/incident_fixture.h"

static void alerts_with_the_same_culprit_join_one_incident(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	const struct incident *incident;

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 15);
	assert_int_equal(f->count, 2);
	assert_string_equal(f->told[0].incident, "abc-1");
	assert_string_equal(f->told[1].incident, "abc-1");
	assert_int_equal(count_of(f, FRAME_INCIDENT), 2);
	incident = newest(f);
	assert_int_equal(incident->epoch, 0xabc);
	assert_int_equal(incident->counter, 1);
	assert_int_equal(incident->version, 2);
	assert_int_equal(incident->alerts, 2);
	assert_int_equal(incident->last_alert, 2);
	assert_int_equal(incident->severity, SEVERITY_HIGH);
	assert_int_equal(incident->cleared_wall_ns, 0);
	assert_int_equal(incident->opened_wall_ns, f->told[0].frame.wall_ns);
	assert_int_equal(incident->updated_wall_ns, f->told[1].frame.wall_ns);
	assert_int_equal(incident->evidence_complete, 1);
	assert_string_equal(newest_rules(f), "storm, burst");
	assert_int_equal(open_incidents(f), 1);
}

static void a_culprit_below_joins_the_one_above(void **state)
{
	struct fixture *f = *state;
	uint32_t top = shell_of(f), one = made_process(&f->host, top, "one", USER);
	uint32_t other = shell_of(f);

	use_rules(f, BURST);
	made_connect(&f->host);
	made_storm(&f->host, top, 40, 20);
	assert_int_equal(f->told[0].frame.culprit.tgid, top);
	made_wait_ms(&f->host, 3000);
	made_storm(&f->host, one, 40, 20);
	assert_int_equal(f->told[f->count - 1].frame.culprit.tgid, one);
	assert_string_equal(f->told[f->count - 1].incident, "abc-1");
	made_storm(&f->host, other, 40, 20);
	assert_int_equal(f->told[f->count - 1].frame.culprit.tgid, other);
	assert_string_not_equal(f->told[f->count - 1].incident, "abc-1");
	assert_int_equal(open_incidents(f), 2);
}

static void clears_when_everything_that_joined_has_cleared(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 15);
	made_wait_ms(&f->host, 20000);
	/* The burst is over, the storm not yet: its cooldown is longer. */
	assert_int_equal(f->cleared, 1);
	assert_int_equal(open_incidents(f), 1);
	made_wait_ms(&f->host, 20000);
	assert_int_equal(f->cleared, 2);
	assert_int_equal(open_incidents(f), 0);
	assert_int_equal(newest(f)->version, 3);
	assert_true(newest(f)->cleared_wall_ns > newest(f)->opened_wall_ns);
	assert_int_equal(newest(f)->cleared_wall_ns, newest(f)->updated_wall_ns);
}

/* One burst that clears. */
static void burst_once(struct fixture *f, uint32_t shell)
{
	made_storm(&f->host, shell, 40, 20);
	made_wait_ms(&f->host, 13000);
	assert_int_equal(open_incidents(f), 0);
}

static void a_cause_that_comes_back_reopens_its_incident_and_flaps(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, BURST);
	made_connect(&f->host);
	for (unsigned again = 0; again <= 4; again++) {
		burst_once(f, shell);
		assert_string_equal(f->told[f->count - 1].incident, "abc-1");
		assert_int_equal(newest(f)->reopened, again);
		assert_int_equal(newest(f)->flapping, again >= 3);
		assert_int_equal(newest(f)->version, 2 * again + 2);
	}
	/* Calm again: it comes back, but not so often. */
	made_wait_ms(&f->host, 285000);
	burst_once(f, shell);
	assert_int_equal(newest(f)->reopened, 5);
	assert_int_equal(newest(f)->flapping, 0);
	/* After the quiet period it is another one. */
	made_wait_ms(&f->host, 301000);
	burst_once(f, shell);
	assert_string_equal(f->told[f->count - 1].incident, "abc-7");
	assert_int_equal(newest(f)->reopened, 0);
	/* No evidence but that of the two openings. */
	assert_int_equal(count_of(f, FRAME_INCIDENT_HOST), 2);
}

static void a_rule_that_is_gone_clears_its_incident(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 15);
	use_rules(f, STORM);
	assert_int_equal(open_incidents(f), 1);
	use_rules(f, PSI);
	assert_int_equal(open_incidents(f), 0);
	assert_int_equal(newest(f)->version, 3);
	assert_true(newest(f)->cleared_wall_ns > 0);
}

static void crash(struct fixture *f, uint32_t parent, const char *exe, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		uint32_t pid = made_fork(&f->host, parent);

		made_exec(&f->host, pid, exe, exe);
		made_wait_ms(&f->host, 200);
		made_exit(&f->host, pid, 11);
	}
}

static void a_crash_loop_is_one_incident_whoever_is_the_last(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, CRASH);
	made_connect(&f->host);
	crash(f, shell, "/bin/app", 100);
	assert_true(f->count >= 2);
	assert_int_not_equal(f->told[0].frame.culprit.tgid, f->told[1].frame.culprit.tgid);
	assert_string_equal(f->told[1].incident, "abc-1");
	crash(f, shell, "/bin/other", 4);
	assert_string_not_equal(f->told[f->count - 1].incident, "abc-1");
	assert_int_equal(open_incidents(f), 2);
}

static void without_culprit_alerts_join_by_rule(void **state)
{
	struct fixture *f = *state;

	use_rules(f, PSI "- {name: io, detector: system_psi_io, threshold_pct: 10, duration: 2}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 15; i++) {
		made_wait_ms(&f->host, 1000);
		made_pressure(&f->host, 0, 50, 50);
	}
	assert_int_equal(f->count, 3);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_string_equal(f->told[0].incident, "abc-1");
	assert_string_equal(f->told[1].incident, "abc-2");
	assert_string_equal(f->told[2].incident, "abc-1");
	assert_int_equal(open_incidents(f), 2);
}

/* An alert of a made-up rule. */
static enum joined join(
	struct incidents *incidents, uint64_t cause, uint64_t counter, struct kept_incident **found)
{
	static const struct suite_users nobody;
	const struct alert alert = {.epoch = 1, .counter = counter, .time_ns = 10 * NSEC_PER_SEC};
	const struct joining joining = {.cause = {7, {cause, 0}, false}, .rule = "r", .alert = &alert};

	return incidents_join(incidents, &nobody, &joining, found);
}

static void what_has_cleared_makes_room_and_nothing_else(void **state)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));
	struct kept_incident *found = NULL;
	struct incident_ref first;

	(void)state;
	assert_non_null(incidents);
	for (uint64_t i = 1; i <= INCIDENTS_MAX; i++)
		assert_int_equal(join(incidents, i, i, &found), JOINED_NEW);
	first = incident_ref(incidents, incidents_find(incidents, 1, 1));
	assert_int_equal(join(incidents, 1000, 1000, &found), JOINED_NONE);
	assert_int_equal(incidents->refused, 1);
	assert_int_equal(join(incidents, 5, 1001, &found), JOINED_OPEN);
	incidents_sweep(incidents);
	for (uint64_t i = 2; i <= INCIDENTS_MAX; i++)
		incidents_mark(incidents,
			incident_ref(incidents, incidents_find(incidents, 1, i)));
	found = incidents_cleared(incidents, 11 * NSEC_PER_SEC, 12);
	assert_int_equal(found->frame.counter, 1);
	assert_null(incidents_cleared(incidents, 11 * NSEC_PER_SEC, 12));
	assert_ptr_equal(incidents_get(incidents, first), found);
	assert_int_equal(join(incidents, 1000, 1002, &found), JOINED_NEW);
	assert_null(incidents_get(incidents, first));
	assert_null(incidents_find(incidents, 1, 1));
	assert_int_equal(incidents->open, INCIDENTS_MAX);
	free(incidents);
}

static void the_list_of_rules_has_each_once_and_an_end(void **state)
{
	struct kept_incident *incident = calloc(1, sizeof(*incident));
	char name[100];

	(void)state;
	assert_non_null(incident);
	incident_add_rule(incident, "cpu_spike");
	incident_add_rule(incident, "cpu");
	incident_add_rule(incident, "spike");
	incident_add_rule(incident, "cpu");
	assert_string_equal(incident->rules, "cpu_spike, cpu, spike");
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "rule %080u", i);
		incident_add_rule(incident, name);
	}
	assert_true(strlen(incident->rules) <= INCIDENT_RULES_BYTES);
	assert_int_equal(strlen(incident->rules), 21 + 11 * 87);
	free(incident);
}

/* A host with everything in it. */
static void play(struct fixture *f)
{
	uint32_t shell = shell_of(f), other = shell_of(f);

	use_rules(f, STORM BURST CRASH PSI
		"- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 3}\n");
	made_connect(&f->host);
	made_use(&f->host, other)->cpu_pct = 90;
	for (unsigned i = 0; i < 3; i++) {
		made_storm(&f->host, shell, 60, 20);
		crash(f, other, "/bin/app", 5);
		made_run(&f->host, 5);
		made_pressure(&f->host, 0, 50, 0);
		made_wait_ms(&f->host, 15000);
	}
}

static void the_same_frames_give_the_same_incidents(void **state)
{
	struct fixture *f = *state, *again;
	void *made = NULL;

	assert_int_equal(set_up(&made), 0);
	again = made;
	play(f);
	play(again);
	assert_true(f->incident_count > 50);
	assert_true(count_of(f, FRAME_INCIDENT_SERIES) >= 3);
	assert_int_equal(f->incident_count, again->incident_count);
	assert_memory_equal(f->incidents, again->incidents,
		f->incident_count * sizeof(f->incidents[0]));
	tear_down(&made);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(alerts_with_the_same_culprit_join_one_incident),
		TEST(a_culprit_below_joins_the_one_above),
		TEST(clears_when_everything_that_joined_has_cleared),
		TEST(a_cause_that_comes_back_reopens_its_incident_and_flaps),
		TEST(a_rule_that_is_gone_clears_its_incident),
		TEST(a_crash_loop_is_one_incident_whoever_is_the_last),
		TEST(without_culprit_alerts_join_by_rule),
		TEST(what_has_cleared_makes_room_and_nothing_else),
		TEST(the_list_of_rules_has_each_once_and_an_end),
		TEST(the_same_frames_give_the_same_incidents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
