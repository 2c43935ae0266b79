/* SPDX-License-Identifier: AGPL-3.0-only */
/* Each detector and each scope on the made-up host, and the filters on the culprit. */
#include "ruled/detect.h"

#include "tests/unit/ruled/engine_fixture.h"

#define USER 1000
#define ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { EXIT_CODE_1 = 1 << 8, SEGV = 11 };

static uint32_t shell_of(struct fixture *f, const char *comm, uint32_t uid)
{
	return made_process(&f->host, made_process(&f->host, 1, "sshd", 0), comm, uid);
}

static void run_jobs(
	struct fixture *f, uint32_t shell, unsigned count, double life_ms, uint32_t status)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t job = made_fork(&f->host, shell);

		made_exec(&f->host, job, "/usr/bin/job", "job");
		made_wait_ms(&f->host, life_ms);
		made_exit(&f->host, job, status);
	}
}

static void short_jobs_are_laid_to_the_shell_that_runs_them(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);
	char expected[128];

	use_rules(f, "- {name: jobs, detector: short_job_flood, threshold: 20, window_seconds: 10,"
		     " max_exec_duration_ms: 100}\n");
	made_connect(&f->host);
	run_jobs(f, shell, 21, 101, 0);
	assert_int_equal(f->count, 0);
	run_jobs(f, shell, 20, 99, 0);
	assert_int_equal(f->count, 0);
	run_jobs(f, shell, 1, 99, 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, shell);
	snprintf(expected, sizeof(expected),
		"sh (pid %u, uid 1000) ran 21 jobs of at most 100 ms within 10 s (limit 20)",
		shell);
	assert_string_equal(f->told[0].message, expected);
}

static void a_shell_that_has_exited_is_not_named_for_its_jobs(void **state)
{
	struct fixture *f = *state;
	uint32_t top = shell_of(f, "bash", USER), shell, jobs[30];

	use_rules(f,
		"- {name: jobs, detector: short_job_flood, threshold: 20, window_seconds: 10}\n");
	made_connect(&f->host);
	shell = made_fork(&f->host, top);
	for (unsigned i = 0; i < ARRAY_LEN(jobs); i++)
		jobs[i] = made_fork(&f->host, shell);
	made_exit(&f->host, shell, 0);
	for (unsigned i = 0; i < ARRAY_LEN(jobs); i++)
		made_exit(&f->host, jobs[i], 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, top);
}

static void a_crash_loop_names_the_last_one(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "run", USER), last;

	use_rules(f, "- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 60}\n");
	made_connect(&f->host);
	made_cgroup(&f->host, 9, "/system.slice/web.service");
	f->host.processes[shell].info.cgroup = 9;
	run_jobs(f, shell, 50, 10, 0);
	run_jobs(f, shell, 3, 10, EXIT_CODE_1);
	assert_int_equal(f->count, 0);
	run_jobs(f, shell, 1, 10, SEGV);
	last = f->host.last_pid;
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, last);
	assert_string_equal(f->told[0].frame.culprit.comm, "job");
	assert_string_equal(f->told[0].unit, "web.service");
	assert_false(f->told[0].actionable);
	assert_non_null(strstr(f->told[0].message,
		"uid 1000) is the last of 4 failures within 60 s (limit 3), with signal 11"));
	/* The cooldown is the program's, not the process's. */
	run_jobs(f, shell, 10, 10, SEGV);
	assert_int_equal(f->count, 1);
}

static void failures_in_other_cgroups_or_of_other_programs_do_not_add_up(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "run", USER);

	use_rules(f, "- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 60}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 12; i++) {
		uint32_t job;

		f->host.processes[shell].info.cgroup = 10 + i % 2;
		job = made_fork(&f->host, shell);
		made_exec(&f->host, job, i % 4 < 2 ? "/usr/bin/one" : "/usr/bin/two", "");
		made_exit(&f->host, job, EXIT_CODE_1);
	}
	assert_int_equal(f->count, 0);
}

#define EXEC_RATE \
	"- {name: churn, detector: exec_rate, regex: 'bin/job$', rate_per_min: 30, median_lifetime: 1}\n"

static void execs_that_match_and_end_soon_are_a_churn(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);

	use_rules(f, EXEC_RATE);
	made_connect(&f->host);
	run_jobs(f, shell, 30, 500, 0);
	assert_int_equal(f->count, 0);
	run_jobs(f, shell, 1, 500, 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, shell);
	assert_int_equal(f->told[0].frame.scope, SCOPE_HOST);
	assert_non_null(strstr(f->told[0].message,
		"executed 31 programs within 60 s (limit 30), half of them for at most 0.500 s"));
}

static void execs_that_live_long_are_no_churn(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);

	use_rules(f, EXEC_RATE);
	made_connect(&f->host);
	run_jobs(f, shell, 60, 1100, 0);
	assert_int_equal(f->count, 0);
}

static void execs_that_do_not_match_are_not_counted(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);

	use_rules(f,
		"- {name: churn, detector: exec_rate, regex: '^/opt/', rate_per_min: 1, median_lifetime: 9}\n");
	made_connect(&f->host);
	run_jobs(f, shell, 100, 10, 0);
	assert_int_equal(f->count, 0);
}

static void a_process_that_execs_itself_over_and_over_is_named(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);

	use_rules(f, EXEC_RATE);
	made_connect(&f->host);
	run_jobs(f, shell, 1, 10, 0);
	for (unsigned i = 0; i < 40; i++)
		made_exec(&f->host, shell, "/usr/bin/job", "again");
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, shell);
}

static void by_host_the_sum_counts_and_nobody_stands_out(void **state)
{
	struct fixture *f = *state;
	uint32_t shells[4];

	for (unsigned i = 0; i < 4; i++)
		shells[i] = shell_of(f, "sh", USER + i);
	use_rules(f,
		"- {name: all, detector: fork_burst, threshold: 30, window_seconds: 5, scope: host}\n"
		"- {name: tree, detector: fork_burst, threshold: 30, window_seconds: 5}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 40; i++)
		made_fork(&f->host, shells[i % 4]);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_string_equal(f->told[0].rule, "all");
	assert_string_equal(
		f->told[0].message, "the host started 31 processes within 5 s (limit 30)");
}

static void by_host_a_tree_that_holds_80_percent_is_named(void **state)
{
	struct fixture *f = *state;
	uint32_t storm = shell_of(f, "storm", USER), other = shell_of(f, "sh", USER);

	use_rules(f,
		"- {name: all, detector: fork_burst, threshold: 30, window_seconds: 5, scope: host}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 31; i++)
		made_fork(&f->host, i % 6 == 5 ? other : storm);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, storm);
	assert_non_null(strstr(f->told[0].message, "started 26 of 31 processes"));
}

static void by_cgroup_each_counts_for_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t one = shell_of(f, "one", USER), two = shell_of(f, "two", USER);
	uint32_t three = shell_of(f, "three", USER);

	use_rules(f,
		"- {name: group, detector: fork_burst, threshold: 30, window_seconds: 5, scope: cgroup}\n");
	made_cgroup(&f->host, 21, "/kubepods/burstable/pod1/" ID);
	f->host.processes[one].info.cgroup = 21;
	f->host.processes[two].info.cgroup = 21;
	f->host.processes[three].info.cgroup = 22;
	made_connect(&f->host);
	for (unsigned i = 0; i < 30; i++)
		made_fork(&f->host, three);
	for (unsigned i = 0; i < 31; i++)
		made_fork(&f->host, i % 2 ? one : two);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_string_equal(f->told[0].container, ID);
	assert_non_null(
		strstr(f->told[0].message, "cgroup /kubepods/burstable/pod1/" ID " started 31"));
}

static void by_user_each_counts_for_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t one = shell_of(f, "one", 500), two = shell_of(f, "two", 501);

	use_rules(f,
		"- {name: user, detector: fork_burst, threshold: 30, window_seconds: 5, scope: user}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 60; i++)
		made_fork(&f->host, i % 2 ? one : two);
	assert_int_equal(f->count, 0);
	made_fork(&f->host, one);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, one);
}

static void by_process_children_do_not_add_up(void **state)
{
	struct fixture *f = *state;
	uint32_t top = shell_of(f, "top", USER), one = made_process(&f->host, top, "one", USER);
	uint32_t two = made_process(&f->host, top, "two", USER);

	use_rules(f,
		"- {name: self, detector: fork_burst, threshold: 30, window_seconds: 5, scope: process}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 60; i++)
		made_fork(&f->host, i % 2 ? one : two);
	assert_int_equal(f->count, 0);
	made_fork(&f->host, two);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, two);
}

struct filter_case {
	const char *filters;
	bool told;
};

static void filters_look_at_the_culprit(void **state)
{
	static const struct filter_case cases[] = {
		{"", true},
		{", match: {comm: 'w*'}", true},
		{", match: {comm: work}", false},
		{", match: {exe: '/usr/*/worker'}", true},
		{", match: {user: 1000}", true},
		{", match: {user: root}", false},
		{", match: {cgroup: '*/docker-*'}", true},
		{", match: {container: '0123*', comm: worker}", true},
		{", match: {container: '0123*', comm: other}", false},
		{", match: {container: 'f*'}", false},
		{", exclude: [{comm: worker}]", false},
		{", exclude: [{comm: other}, {user: 1000, comm: worker}]", false},
		{", exclude: [{comm: other}, {user: 1001, comm: worker}]", true},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		void *made = NULL;
		struct fixture *f;
		uint32_t shell;
		char yaml[256];

		assert_int_equal(set_up(&made), 0);
		f = made;
		shell = shell_of(f, "worker", USER);
		snprintf(yaml, sizeof(yaml),
			"- {name: r, detector: fork_burst, threshold: 3, window_seconds: 5%s}\n",
			cases[i].filters);
		use_rules(f, yaml);
		made_cgroup(&f->host, 5, "/system.slice/docker-" ID ".scope");
		f->host.processes[shell].info.cgroup = 5;
		made_connect(&f->host);
		made_storm(&f->host, shell, 10, 100);
		if (f->count != cases[i].told)
			fail_msg("%s", cases[i].filters);
		tear_down(&made);
	}
}

static void a_rule_that_matches_somebody_does_not_fire_for_nobody(void **state)
{
	struct fixture *f = *state;
	uint32_t cron = made_process(&f->host, 1, "cron", 0);

	use_rules(f,
		"- {name: r, detector: fork_burst, threshold: 3, window_seconds: 5, match: {comm: '*'}}\n");
	made_connect(&f->host);
	made_storm(&f->host, cron, 10, 100);
	assert_int_equal(f->count, 0);
}

static void clears_at_zero_even_with_threshold_zero(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f, "sh", USER);

	use_rules(f,
		"- {name: r, detector: fork_burst, threshold: 0, window_seconds: 2, cooldown: 1}\n");
	made_connect(&f->host);
	made_fork(&f->host, shell);
	assert_int_equal(f->count, 1);
	made_wait_ms(&f->host, 6000);
	assert_int_equal(f->cleared, 1);
}

/* More forking processes than there are windows. */
static void windows_are_bounded(void **state)
{
	struct fixture *f = *state;
	uint32_t top = shell_of(f, "top", USER), first;

	use_rules(f, "- {name: r, detector: fork_burst, threshold: 9000, window_seconds: 60}\n");
	made_connect(&f->host);
	first = f->host.last_pid + 1;
	for (unsigned i = 0; i < 6000; i++)
		made_fork(&f->host, top);
	for (unsigned i = 0; i < 6000; i++)
		made_fork(&f->host, first + i);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, top);
	assert_true(f->told[0].frame.value == 9001);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(short_jobs_are_laid_to_the_shell_that_runs_them),
		TEST(a_shell_that_has_exited_is_not_named_for_its_jobs),
		TEST(a_crash_loop_names_the_last_one),
		TEST(failures_in_other_cgroups_or_of_other_programs_do_not_add_up),
		TEST(execs_that_match_and_end_soon_are_a_churn),
		TEST(execs_that_live_long_are_no_churn),
		TEST(execs_that_do_not_match_are_not_counted),
		TEST(a_process_that_execs_itself_over_and_over_is_named),
		TEST(by_host_the_sum_counts_and_nobody_stands_out),
		TEST(by_host_a_tree_that_holds_80_percent_is_named),
		TEST(by_cgroup_each_counts_for_itself),
		TEST(by_user_each_counts_for_itself),
		TEST(by_process_children_do_not_add_up),
		cmocka_unit_test(filters_look_at_the_culprit),
		TEST(a_rule_that_matches_somebody_does_not_fire_for_nobody),
		TEST(clears_at_zero_even_with_threshold_zero),
		TEST(windows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
