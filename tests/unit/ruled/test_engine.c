/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/engine.h"

#include "tests/unit/ruled/engine_fixture.h"

#define STORM \
	"- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 30, severity: high}\n"
#define BURST \
	"- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5, cooldown: 30}\n"

#define USER 1000

/* systemd → sshd → bash, whose pid is returned. */
static uint32_t log_in(struct made_host *host)
{
	uint32_t sshd = made_process(host, 1, "sshd", 0);

	return made_process(host, made_process(host, sshd, "sshd", USER), "bash", USER);
}

static void names_the_shell_after_two_seconds(void **state)
{
	struct fixture *f = *state;
	uint32_t bash = log_in(&f->host), shell = made_process(&f->host, bash, "sh", USER);
	uint64_t first_ns;
	const struct told *told = &f->told[0];

	use_rules(f, STORM);
	made_cgroup(&f->host, 7, "/user.slice/user-1000.slice/session-3.scope");
	f->host.processes[shell].info.cgroup = 7;
	made_connect(&f->host);
	made_wait_ms(&f->host, 1234);
	first_ns = f->host.now_ns;
	made_storm(&f->host, shell, 60, 15);
	assert_int_equal(f->count, 1);
	assert_true(told->frame.time_ns >= first_ns + 2 * NSEC_PER_SEC);
	assert_true(told->frame.time_ns <= first_ns + 2200 * NSEC_PER_MSEC);
	assert_int_equal(told->frame.culprit.tgid, shell);
	assert_int_equal(told->frame.culprit.uid, USER);
	assert_int_equal(told->frame.culprit.ino, f->host.processes[shell].info.ino);
	assert_int_equal(told->frame.root_tgid, bash);
	assert_string_equal(told->root_comm, "bash");
	assert_string_equal(told->unit, "session-3.scope");
	assert_int_equal(told->frame.since_ns, first_ns);
	assert_int_equal(told->frame.epoch, 0xabc);
	assert_int_equal(told->frame.counter, 1);
	assert_int_equal(told->frame.severity, SEVERITY_HIGH);
	assert_int_equal(told->frame.evidence_complete, 1);
	assert_true(told->frame.value > 10 && told->frame.value <= 15);
	assert_true(told->actionable);
	assert_int_equal(told->frame.wall_ns, told->frame.time_ns + 1700000000 * NSEC_PER_SEC);
}

static void says_it_in_one_sentence(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);
	char expected[128];

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 15);
	assert_int_equal(f->count, 2);
	snprintf(expected, sizeof(expected),
		"sh (pid %u, uid 1000) started 15.0 processes per second for 2 s (limit 10)",
		shell);
	assert_string_equal(f->told[0].message, expected);
	snprintf(expected, sizeof(expected),
		"sh (pid %u, uid 1000) started 31 processes within 5 s (limit 30)", shell);
	assert_string_equal(f->told[1].message, expected);
}

static void exactly_the_threshold_is_no_alert(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 30, 10);
	made_wait_ms(&f->host, 6000);
	made_storm(&f->host, shell, 30, 10);
	assert_int_equal(f->count, 0);
}

static void threads_and_kernel_threads_are_not_counted(void **state)
{
	struct fixture *f = *state;
	uint32_t kthreadd = made_process(&f->host, 1, "kthreadd", 0);

	f->host.processes[kthreadd].info.kernel_thread = 1;
	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, kthreadd, 100, 50);
	assert_int_equal(f->count, 0);
}

static void goes_down_while_a_child_holds_80_percent(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host), middle = made_process(&f->host, top, "make", USER);
	uint32_t deep = made_process(&f->host, middle, "worker", USER);

	use_rules(f, BURST);
	made_connect(&f->host);
	/* 4 of 5 by the deepest: 80 % exactly. */
	for (unsigned i = 0; i < 40; i++) {
		made_fork(&f->host, i % 5 == 4 ? middle : deep);
		made_wait_ms(&f->host, 50);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, deep);
	assert_non_null(strstr(f->told[0].message, "started 25 of 31 processes"));
	assert_true(f->told[0].frame.value == 31);
}

/* A share that wavers around 80 % is one cause, whoever was named first. */
static void names_parent_or_child_but_not_both_for_the_same_excess(void **state)
{
	struct fixture *f = *state;
	uint32_t middle = made_process(&f->host, log_in(&f->host), "make", USER);
	uint32_t deep = made_process(&f->host, middle, "worker", USER);

	use_rules(f, BURST);
	made_connect(&f->host);
	for (unsigned i = 0; i < 200; i++) {
		made_fork(&f->host, i % 5 == 0 ? middle : deep);
		made_wait_ms(&f->host, 140);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, middle);
}

static void stays_above_where_no_child_holds_80_percent(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host), middle = made_process(&f->host, top, "make", USER);
	uint32_t one = made_process(&f->host, middle, "one", USER);
	uint32_t two = made_process(&f->host, middle, "two", USER);

	use_rules(f, BURST STORM);
	made_connect(&f->host);
	for (unsigned i = 0; i < 45; i++) {
		made_fork(&f->host, i % 4 == 0 ? one : two);
		made_wait_ms(&f->host, 50);
	}
	assert_int_equal(f->count, 2);
	assert_int_equal(naming(f, middle), 2);
}

/* The event that completes the condition is not the culprit's. */
static void finds_the_culprit_beside_the_way_of_the_last_event(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host);
	uint32_t storm = made_process(&f->host, top, "storm", USER);
	uint32_t other = made_process(&f->host, top, "other", USER);

	use_rules(f, BURST);
	made_connect(&f->host);
	for (unsigned i = 0; i < 30; i++)
		made_fork(&f->host, storm);
	assert_int_equal(f->count, 0);
	made_fork(&f->host, other);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, storm);
}

static void two_storms_are_two_alerts(void **state)
{
	struct fixture *f = *state;
	uint32_t one = made_process(&f->host, log_in(&f->host), "one", USER);
	uint32_t two = made_process(&f->host, log_in(&f->host), "two", USER + 1);

	use_rules(f, STORM);
	made_connect(&f->host);
	for (unsigned i = 0; i < 60; i++) {
		made_fork(&f->host, one);
		made_fork(&f->host, two);
		made_wait_ms(&f->host, 66);
	}
	assert_int_equal(f->count, 2);
	assert_int_equal(naming(f, one), 1);
	assert_int_equal(naming(f, two), 1);
}

/* Both under one launcher, which is to blame for neither. */
static void a_second_storm_beside_a_told_one_is_told_by_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, log_in(&f->host), "launcher", USER);
	uint32_t one = made_process(&f->host, top, "one", USER);
	uint32_t two = made_process(&f->host, top, "two", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, one, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(naming(f, one), 1);
	/* The launcher's own few make what is left of its tree loud before the second storm is two seconds old. */
	for (unsigned i = 0; i < 120; i++) {
		if (i >= 40)
			made_fork(&f->host, two);
		if (i % 4 != 0)
			made_fork(&f->host, one);
		if (i % 7 == 0)
			made_fork(&f->host, top);
		made_wait_ms(&f->host, 50);
	}
	assert_int_equal(f->count, 2);
	assert_int_equal(naming(f, two), 1);
}

/* What went before was loud enough for the parent's tree, but is not the storm. */
static void waits_for_the_storm_that_will_be_one_by_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host), storm;
	uint64_t first_ns;

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, top, 30, 30);
	storm = made_fork(&f->host, top);
	first_ns = f->host.now_ns;
	made_storm(&f->host, storm, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, storm);
	assert_true(f->told[0].frame.time_ns >= first_ns + 2 * NSEC_PER_SEC);
	assert_true(f->told[0].frame.time_ns <= first_ns + 2200 * NSEC_PER_MSEC);
}

/* Shells that take turns: none is the culprit for two seconds, their parent is. */
static void names_the_parent_of_shells_that_take_turns(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, log_in(&f->host), "launcher", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	for (unsigned turn = 0; turn < 4; turn++) {
		uint32_t shell = made_fork(&f->host, top);

		made_storm(&f->host, shell, 20, 20);
		made_wait_ms(&f->host, 50);
		made_exit(&f->host, shell, 0);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, top);
}

static void nobody_is_blamed_for_a_storm_that_was_told_and_has_ended(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host), storm = made_process(&f->host, top, "storm", USER);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, storm, 300, 100);
	assert_int_equal(naming(f, storm), 2);
	made_exit(&f->host, storm, 9);
	for (unsigned i = 0; i < 20; i++) {
		made_fork(&f->host, top);
		made_wait_ms(&f->host, 100);
	}
	assert_int_equal(f->count, 2);
}

static void nobody_is_blamed_for_what_is_excluded(void **state)
{
	struct fixture *f = *state;
	uint32_t top = log_in(&f->host), make = made_process(&f->host, top, "make", USER);

	use_rules(f,
		"- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5, cooldown: 1,"
		" exclude: [{comm: make}]}\n");
	made_connect(&f->host);
	made_storm(&f->host, make, 500, 100);
	made_exit(&f->host, make, 0);
	for (unsigned i = 0; i < 20; i++) {
		made_fork(&f->host, top);
		made_wait_ms(&f->host, 300);
	}
	assert_int_equal(f->count, 0);
}

static void a_storm_of_a_manager_itself_has_no_culprit(void **state)
{
	struct fixture *f = *state;
	uint32_t cron = made_process(&f->host, 1, "cron", 0);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, cron, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_false(f->told[0].actionable);
	assert_string_equal(f->told[0].message,
		"session and service managers started 15.0 processes per second for 2 s (limit 10)");
}

static void the_suite_is_no_candidate(void **state)
{
	struct fixture *f = *state;
	uint32_t suite = made_process(&f->host, log_in(&f->host), "helper", 902);
	uint32_t daemon = made_process(&f->host, log_in(&f->host), "linnix-apid", 0);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, suite, 60, 15);
	made_storm(&f->host, daemon, 60, 15);
	for (unsigned i = 0; i < f->count; i++)
		assert_int_equal(f->told[i].frame.culprit.tgid, 0);
}

/* Anybody can call himself so. */
static void a_manager_is_one_with_effective_uid_0_only(void **state)
{
	static const char *const names[] = {"cron", "systemd", "sshd", "sshd-session", "init",
		"containerd-shim", "runc", "dumb-init", "linnix-x", "linnix-ruled", "(sd-pam)"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		void *made = NULL;
		struct fixture *f;
		uint32_t login, impostor;

		assert_int_equal(set_up(&made), 0);
		f = made;
		login = log_in(&f->host);
		impostor = made_process(&f->host, login, names[i], USER);
		use_rules(f, STORM);
		made_connect(&f->host);
		made_storm(&f->host, impostor, 60, 15);
		assert_int_equal(f->count, 1);
		assert_int_equal(f->told[0].frame.culprit.tgid, impostor);
		assert_true(f->told[0].actionable);
		tear_down(&made);
	}
	(void)state;
}

static void a_name_taken_later_changes_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, shell, 20, 15);
	made_exec(&f->host, shell, "/home/eve/cron", "cron");
	made_storm(&f->host, shell, 40, 15);
	assert_true(naming(f, shell) > 0);
}

/* sshd's half that runs as the user: two sessions of one connection are not its own doing. */
static void sshd_of_a_user_below_sshd_of_root_is_a_manager(void **state)
{
	struct fixture *f = *state;
	uint32_t sshd = made_process(&f->host, 1, "sshd", 0);
	uint32_t half = made_process(&f->host, sshd, "sshd", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, half, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
}

/* Whoever takes the name of a multiplexer hides himself, not those he starts. */
static void only_a_multiplexer_itself_is_no_candidate(void **state)
{
	struct fixture *f = *state;
	uint32_t screen = made_process(&f->host, log_in(&f->host), "SCREEN", USER);
	uint32_t first = made_process(&f->host, screen, "tmux: client", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, first, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, first);
	made_wait_ms(&f->host, 60000);
	made_storm(&f->host, screen, 60, 15);
	assert_int_equal(naming(f, screen), 0);
}

/* A terminal multiplexer started from one login is not that login's doing. */
static void a_manager_ends_the_tree_above(void **state)
{
	struct fixture *f = *state;
	uint32_t login = log_in(&f->host);
	uint32_t tmux = made_process(&f->host, login, "tmux: server", USER);
	uint32_t pane = made_process(&f->host, tmux, "bash", USER);

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, pane, 60, 15);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, pane);
	assert_int_equal(f->told[0].frame.root_tgid, pane);
}

static void a_dead_parent_in_between_does_not_cut_the_tree(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, log_in(&f->host), "launcher", USER), middle,
		 workers[4];

	use_rules(f, BURST);
	made_connect(&f->host);
	middle = made_fork(&f->host, top);
	for (unsigned i = 0; i < ARRAY_LEN(workers); i++)
		workers[i] = made_fork(&f->host, middle);
	made_exit(&f->host, middle, 0);
	for (unsigned i = 0; i < 40; i++)
		made_fork(&f->host, workers[i % ARRAY_LEN(workers)]);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, top);
}

static void repeats_once_per_cooldown_and_then_clears(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);

	use_rules(f,
		"- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 5}\n");
	made_connect(&f->host);
	made_storm(&f->host, shell, 15 * 13, 15);
	assert_int_equal(f->count, 3);
	assert_true(f->told[1].frame.time_ns >= f->told[0].frame.time_ns + 5 * NSEC_PER_SEC);
	assert_true(f->told[1].frame.time_ns <= f->told[0].frame.time_ns + 5100 * NSEC_PER_MSEC);
	assert_int_equal(f->cleared, 0);
	made_wait_ms(&f->host, 5000);
	assert_int_equal(f->cleared, 0);
	made_wait_ms(&f->host, 4000);
	assert_int_equal(f->cleared, 1);
	assert_int_equal(f->cleared_alert, 3);
	assert_string_equal(f->cleared_why, "condition cleared");
}

static void hysteresis_keeps_it_active_above_clear_below(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);
	struct rule rule;

	use_rules(f,
		"- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 3,"
		" clear_below: 5}\n");
	made_connect(&f->host);
	made_storm(&f->host, shell, 40, 15);
	made_storm(&f->host, shell, 60, 7);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.active, 1);
	assert_int_equal(f->cleared, 0);
	made_storm(&f->host, shell, 12, 2);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.active, 0);
	assert_int_equal(rule.fired, 1);
	assert_int_equal(f->count, 1);
}

static void losses_make_the_evidence_incomplete(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);

	use_rules(f,
		"- {name: burst, detector: fork_burst, threshold: 3, window_seconds: 5, cooldown: 0}\n");
	made_storm(&f->host, shell, 4, 100);
	assert_int_equal(f->count, 0); /* nobody is known yet */
	made_connect(&f->host);
	made_counters(&f->host, 100);
	made_storm(&f->host, shell, 4, 100);
	assert_int_equal(f->told[f->count - 1].frame.evidence_complete, 1);
	made_counters(&f->host, 101);
	made_storm(&f->host, shell, 60, 100);
	assert_int_equal(f->told[f->count - 1].frame.evidence_complete, 0);
	made_pass(&f->host);
	made_storm(&f->host, shell, 60, 100);
	assert_int_equal(f->told[f->count - 1].frame.evidence_complete, 0);
	made_wait_ms(&f->host, 6000);
	made_storm(&f->host, shell, 60, 100);
	assert_int_equal(f->told[f->count - 1].frame.evidence_complete, 1);
	engine_unsync(f->engine);
	made_storm(&f->host, shell, 60, 100);
	assert_int_equal(f->told[f->count - 1].frame.evidence_complete, 0);
}

static void a_reload_keeps_what_unchanged_rules_have_counted(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);

	use_rules(f, STORM BURST);
	made_connect(&f->host);
	made_storm(&f->host, shell, 25, 15);
	use_rules(
		f, BURST "- {name: new, detector: fork_burst, threshold: 25, window_seconds: 5}\n");
	made_storm(&f->host, shell, 10, 15);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].rule, "burst");
	use_rules(f, "- {name: burst, detector: fork_burst, threshold: 29, window_seconds: 5}\n");
	assert_int_equal(f->cleared, 1);
	assert_string_equal(f->cleared_why, "rule changed");
	made_storm(&f->host, shell, 10, 15);
	assert_int_equal(f->count, 1);
	use_rules(f, "");
	assert_int_equal(engine_rules(f->engine), 0);
}

/* A fork bomb: everybody forks, nobody stands out but the first. */
static void a_fork_bomb_is_named_by_its_root(void **state)
{
	struct fixture *f = *state;
	uint32_t root = made_process(&f->host, log_in(&f->host), "bomb", USER), generation[2000];
	unsigned count = 1;

	use_rules(f, STORM);
	made_connect(&f->host);
	generation[0] = root;
	while (count < 1500) {
		unsigned parents = count;

		for (unsigned i = 0; i < parents && count < ARRAY_LEN(generation); i++) {
			generation[count++] = made_fork(&f->host, generation[i]);
			made_wait_ms(&f->host, 3);
		}
	}
	assert_true(f->count >= 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, root);
}

static void many_short_lives_do_not_grow_it_without_bound(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, log_in(&f->host), "sh", USER);
	struct detection detection = {0};

	use_rules(f, STORM);
	made_connect(&f->host);
	for (unsigned i = 0; i < 40000; i++) {
		made_exit(&f->host, made_fork(&f->host, shell), 0);
		made_wait_ms(&f->host, 0.1);
	}
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.processes_kept, 16384);
	assert_int_equal(detection.evicted, 40000 - 16384);
	assert_true(detection.processes < 10);
	assert_int_equal(detection.received, 80000);
	assert_int_equal(detection.synced, 1);
	assert_int_equal(naming(f, shell), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(names_the_shell_after_two_seconds),
		TEST(says_it_in_one_sentence),
		TEST(exactly_the_threshold_is_no_alert),
		TEST(threads_and_kernel_threads_are_not_counted),
		TEST(goes_down_while_a_child_holds_80_percent),
		TEST(names_parent_or_child_but_not_both_for_the_same_excess),
		TEST(stays_above_where_no_child_holds_80_percent),
		TEST(finds_the_culprit_beside_the_way_of_the_last_event),
		TEST(two_storms_are_two_alerts),
		TEST(a_second_storm_beside_a_told_one_is_told_by_itself),
		TEST(waits_for_the_storm_that_will_be_one_by_itself),
		TEST(names_the_parent_of_shells_that_take_turns),
		TEST(nobody_is_blamed_for_a_storm_that_was_told_and_has_ended),
		TEST(nobody_is_blamed_for_what_is_excluded),
		TEST(a_storm_of_a_manager_itself_has_no_culprit),
		TEST(the_suite_is_no_candidate),
		TEST(a_manager_is_one_with_effective_uid_0_only),
		TEST(a_name_taken_later_changes_nothing),
		TEST(sshd_of_a_user_below_sshd_of_root_is_a_manager),
		TEST(only_a_multiplexer_itself_is_no_candidate),
		TEST(a_manager_ends_the_tree_above),
		TEST(a_dead_parent_in_between_does_not_cut_the_tree),
		TEST(repeats_once_per_cooldown_and_then_clears),
		TEST(hysteresis_keeps_it_active_above_clear_below),
		TEST(losses_make_the_evidence_incomplete),
		TEST(a_reload_keeps_what_unchanged_rules_have_counted),
		TEST(a_fork_bomb_is_named_by_its_root),
		TEST(many_short_lives_do_not_grow_it_without_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
