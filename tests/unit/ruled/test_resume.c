/* SPDX-License-Identifier: AGPL-3.0-only */
/* A ruled that was restarted, and what a taken-over apid can make of that. */
#include "ruled/incidents.h"

#include "tests/unit/ruled/incident_fixture.h"

#define BOOT_S	 1000ULL /* when the made-up host begins: the ruled under test has just started */
#define WALL_NS	 (1700000000 * NSEC_PER_SEC)
#define EARLIER	 0x77

static int set_up_restarted(void **state)
{
	const struct engine_options options = {
		.retention_ns = 300 * NSEC_PER_SEC, .epoch = BOOT_S * NSEC_PER_SEC};
	struct fixture *f;

	if (set_up(state) < 0)
		return -1;
	f = *state;
	engine_free(TAKE_PTR(f->engine));
	return engine_new(&options,
		&(struct engine_sink){on_alert, on_cleared, on_incident, f}, &f->engine);
}

/* What apid says of an incident of the ruled before, @ago seconds before the restart. */
static struct resume resume_of(const struct fixture *f, uint32_t pid, double ago)
{
	const struct process *info = &f->host.processes[pid].info;
	struct resume resume = {.epoch = EARLIER,
		.counter = 9,
		.version = 4,
		.opened_wall_ns = WALL_NS + 900 * NSEC_PER_SEC,
		.told_wall_ns = WALL_NS + (uint64_t)(((double)BOOT_S - ago) * 1e9),
		.alerts = 3,
		.reopened = 1,
		.severity = SEVERITY_LOW,
		.scope = SCOPE_TREE};

	if (pid != 0) {
		resume.tgid = pid;
		resume.start_ns = info->start_ns;
		resume.uid = info->uid;
	}
	return resume;
}

static void resume_with(struct fixture *f, const struct resume *resume, const char *rule)
{
	engine_resume(f->engine, resume, text_of(rule));
}

static void an_incident_goes_on_after_a_restart(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume resume = resume_of(f, shell, 20);

	use_rules(f, STORM);
	/* Before the clock is known. */
	resume_with(f, &resume, "storm");
	assert_int_equal(open_incidents(f), 0);
	made_connect(&f->host);
	assert_int_equal(open_incidents(f), 1);
	assert_int_equal(f->incident_count, 0);
	/* Told 20 s before the start: 10 s of the cooldown are left. */
	made_storm(&f->host, shell, 140, 15);
	assert_int_equal(f->count, 0);
	made_storm(&f->host, shell, 40, 15);
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.time_ns >= (BOOT_S + 10) * NSEC_PER_SEC);
	assert_string_equal(f->told[0].incident, "77-9");
	assert_int_equal(newest(f)->epoch, EARLIER);
	assert_int_equal(newest(f)->counter, 9);
	assert_int_equal(newest(f)->version, 5);
	assert_int_equal(newest(f)->alerts, 4);
	assert_int_equal(newest(f)->reopened, 1);
	assert_int_equal(newest(f)->severity, SEVERITY_MEDIUM);
	assert_int_equal(newest(f)->opened_wall_ns, resume.opened_wall_ns);
	assert_string_equal(newest_rules(f), "storm");
	assert_int_equal(count_of(f, FRAME_INCIDENT_HOST), 0);
}

static void what_does_not_come_back_clears(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume resume = resume_of(f, shell, 1);

	use_rules(f, STORM);
	made_connect(&f->host);
	resume_with(f, &resume, "storm");
	made_wait_ms(&f->host, 31000);
	assert_int_equal(open_incidents(f), 1);
	made_wait_ms(&f->host, 3000);
	assert_int_equal(open_incidents(f), 0);
	assert_int_equal(newest(f)->version, 5);
	assert_true(newest(f)->cleared_wall_ns > 0);
	assert_string_equal(newest_rules(f), "storm");
	assert_int_equal(f->cleared, 0);
}

static void who_or_what_is_gone_clears_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume resume = resume_of(f, shell, 1);

	use_rules(f, STORM);
	made_connect(&f->host);
	resume_with(f, &resume, "no such rule");
	resume.counter = 10;
	resume.tgid = 4000;
	resume_with(f, &resume, "storm");
	assert_int_equal(open_incidents(f), 2);
	made_wait_ms(&f->host, 1000);
	assert_int_equal(open_incidents(f), 0);
	assert_int_equal(count_of(f, FRAME_INCIDENT), 2);
}

static void a_crash_loop_and_a_pressure_go_on_too(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume crash = resume_of(f, 0, 5), psi = resume_of(f, 0, 5);

	crash.tgid = 5000; /* the last one, gone */
	crash.scope = SCOPE_CGROUP;
	psi.counter = 11;
	psi.scope = SCOPE_HOST;
	use_rules(f, CRASH PSI);
	made_connect(&f->host);
	resume_with(f, &crash, "crash");
	resume_with(f, &psi, "psi");
	for (unsigned i = 0; i < 8; i++) {
		uint32_t pid = made_fork(&f->host, shell);

		made_pressure(&f->host, 0, 50, 0);
		made_wait_ms(&f->host, 1000);
		made_exit(&f->host, pid, 11);
	}
	assert_int_equal(open_incidents(f), 2);
	assert_int_equal(f->count, 2);
	assert_string_equal(f->told[0].rule, "crash");
	assert_string_equal(f->told[0].incident, "77-9");
	assert_string_equal(f->told[1].rule, "psi");
	assert_string_equal(f->told[1].incident, "77-11");
	assert_true(f->told[1].frame.time_ns >= (BOOT_S + 5) * NSEC_PER_SEC);
}

static void a_change_that_apid_has_missed_is_told_again(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume resume = resume_of(f, shell, 0);

	use_rules(f, BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 20);
	made_wait_ms(&f->host, 13000);
	assert_int_equal(count_of(f, FRAME_INCIDENT), 2);
	resume.epoch = newest(f)->epoch;
	resume.counter = newest(f)->counter;
	resume.version = 1;
	resume_with(f, &resume, "burst");
	assert_int_equal(count_of(f, FRAME_INCIDENT), 3);
	assert_int_equal(newest(f)->version, 2);
	resume.version = 2;
	resume_with(f, &resume, "burst");
	assert_int_equal(count_of(f, FRAME_INCIDENT), 3);
	assert_int_equal(open_incidents(f), 0);
}

/* However often and whatever it says, for however long. */
static void a_hostile_apid_silences_a_rule_for_one_cooldown_only(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, STORM);
	made_connect(&f->host);
	for (unsigned second = 0; second < 33; second++) {
		struct resume resume = resume_of(f, shell, -1e9);

		resume.counter = 100 + second;
		resume_with(f, &resume, "storm");
		made_storm(&f->host, shell, 20, 20);
	}
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.time_ns <= (BOOT_S + 31) * NSEC_PER_SEC);
	/* After that not at all: neither this one nor who was never named. */
	made_wait_ms(&f->host, 100000);
	shell = shell_of(f);
	made_pass(&f->host);
	for (unsigned second = 0; second < 4; second++) {
		struct resume resume = resume_of(f, shell, -1e9);

		resume.counter = 200 + second;
		resume_with(f, &resume, "storm");
		made_storm(&f->host, shell, 20, 20);
	}
	assert_int_equal(f->count, 2);
	assert_int_equal(f->told[1].frame.culprit.tgid, shell);
}

/* The parts of a storm that are named as told must not be taken away from the whole. */
static void a_hostile_apid_explains_nothing_away(void **state)
{
	struct fixture *f = *state;
	uint32_t top = shell_of(f), half[2];

	use_rules(f, STORM BURST "- {name: cpu, detector: subtree_cpu_pct, threshold: 100, duration: 3}\n");
	for (unsigned i = 0; i < 2; i++) {
		half[i] = made_process(&f->host, top, "half", USER);
		made_use(&f->host, half[i])->cpu_pct = 90;
	}
	made_connect(&f->host);
	made_run(&f->host, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct resume resume = resume_of(f, half[i], -1e9);

		resume.counter = 1 + i;
		resume_with(f, &resume, "storm");
		resume_with(f, &resume, "burst");
		resume_with(f, &resume, "cpu");
	}
	for (unsigned second = 0; second < 8; second++) {
		for (unsigned i = 0; i < 16; i++) {
			made_fork(&f->host, half[i % 2]);
			made_wait_ms(&f->host, 1000.0 / 16);
		}
		made_partial_pass(&f->host);
	}
	for (const char *const *rule = (const char *const[]){"storm", "burst", "cpu", NULL}; *rule;
		rule++) {
		unsigned told = 0;

		for (unsigned i = 0; i < f->count; i++)
			told += f->told[i].frame.culprit.tgid == top &&
				strcmp(f->told[i].rule, *rule) == 0;
		if (told == 0)
			fail_msg("%s says nothing", *rule);
	}
}

static void a_hostile_apid_fills_only_its_part(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct resume resume;

	use_rules(f, STORM);
	made_connect(&f->host);
	for (unsigned i = 1; i <= 600; i++) {
		resume = resume_of(f, 0, 0);
		resume.counter = i;
		resume.tgid = 10000 + i;
		resume_with(f, &resume, i % 2 ? "storm" : "none");
	}
	assert_int_equal(open_incidents(f), INCIDENTS_ADOPTED_MAX);
	/* What finds no room does not stay open. */
	assert_int_equal(count_of(f, FRAME_INCIDENT), 600 - INCIDENTS_ADOPTED_MAX);
	assert_true(newest(f)->cleared_wall_ns > 0);
	made_storm(&f->host, shell, 60, 20);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].incident, "e8d4a51000-1");
}

static void ids_and_versions_to_come_are_refused(void **state)
{
	struct fixture *f = *state;
	struct resume resume = resume_of(f, shell_of(f), 0);

	use_rules(f, STORM);
	made_connect(&f->host);
	resume.version = UINT64_MAX;
	resume_with(f, &resume, "storm");
	resume.version = 1;
	resume.epoch = BOOT_S * NSEC_PER_SEC;
	resume.counter = 1;
	resume_with(f, &resume, "storm");
	assert_int_equal(open_incidents(f), 0);
	assert_int_equal(f->incident_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_restarted, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_incident_goes_on_after_a_restart),
		TEST(what_does_not_come_back_clears),
		TEST(who_or_what_is_gone_clears_at_once),
		TEST(a_crash_loop_and_a_pressure_go_on_too),
		TEST(a_change_that_apid_has_missed_is_told_again),
		TEST(a_hostile_apid_silences_a_rule_for_one_cooldown_only),
		TEST(a_hostile_apid_explains_nothing_away),
		TEST(a_hostile_apid_fills_only_its_part),
		TEST(ids_and_versions_to_come_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
