/* SPDX-License-Identifier: AGPL-3.0-only */
/* The detectors on samples, on the made-up host: who fires, when, at whom, and who does not. */
#include "tests/unit/ruled/engine_fixture.h"

#define USER 1000
#define CPU  "- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 5}\n"
#define RSS  "- {name: rss, detector: subtree_rss_mb, threshold: 50, duration: 2}\n"
#define TREE "- {name: tree, detector: runaway_tree, threshold: 90, duration: 5}\n"
#define IO   "- {name: io, detector: io_mb_per_sec, threshold: 20, duration: 3}\n"
#define FDS  "- {name: fds, detector: fd_usage_pct, threshold: 90, duration: 2}\n"

static uint32_t shell_of(struct fixture *f)
{
	return made_process(&f->host, made_process(&f->host, 1, "sshd", 0), "bash", USER);
}

static uint32_t start(struct fixture *f, uint32_t parent, const char *exe)
{
	uint32_t pid = made_fork(&f->host, parent);

	made_exec(&f->host, pid, exe, exe);
	return pid;
}

static void burn(struct fixture *f, uint32_t pid, double pct)
{
	made_use(&f->host, pid)->cpu_pct = pct;
}

static double seconds_since(const struct fixture *f, uint64_t from_ns)
{
	return (double)(f->told[f->count - 1].frame.time_ns - from_ns) / 1e9;
}

static void a_cpu_spike_is_told_after_five_seconds(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), stress;
	uint64_t began_ns;
	char expected[128];

	use_rules(f, CPU);
	made_connect(&f->host);
	made_run(&f->host, 3);
	stress = start(f, shell, "/usr/bin/stress");
	began_ns = f->host.now_ns;
	burn(f, stress, 97);
	made_run(&f->host, 4);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, stress);
	assert_true(seconds_since(f, began_ns) >= 5 && seconds_since(f, began_ns) <= 6.05);
	assert_true(f->told[0].actionable);
	snprintf(expected, sizeof(expected),
		"stress (pid %u, uid 1000) used 97 %% of a core for 5 s (limit 50)", stress);
	assert_string_equal(f->told[0].message, expected);
	assert_true(f->told[0].frame.since_ns >= began_ns);
}

/* Wherever between two passes it begins. */
static void a_cpu_spike_between_two_passes_is_told_within_a_pass_more(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_rules(f, CPU);
	made_connect(&f->host);
	for (unsigned part = 1; part < 10; part++) {
		uint32_t stress;
		uint64_t began_ns;

		made_run(&f->host, 2);
		made_wait_ms(&f->host, 100 * part);
		stress = start(f, shell, "/usr/bin/stress");
		burn(f, stress, 97);
		began_ns = f->host.now_ns;
		made_wait_ms(&f->host, 1000 - 100 * part);
		made_partial_pass(&f->host);
		made_run(&f->host, 7);
		assert_int_equal(f->count, part);
		assert_int_equal(naming(f, stress), 1);
		assert_true(
			seconds_since(f, began_ns) >= 4.97 && seconds_since(f, began_ns) <= 6.05);
		made_exit(&f->host, stress, 0);
	}
}

static void a_burst_or_less_than_the_threshold_is_no_spike(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), below = start(f, shell, "/bin/a"), burst;

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, below, 49);
	made_run(&f->host, 20);
	burn(f, below, 0);
	burst = start(f, shell, "/bin/b");
	for (unsigned i = 0; i < 5; i++) {
		burn(f, burst, 100);
		made_run(&f->host, 4);
		burn(f, burst, 30);
		made_run(&f->host, 1);
	}
	assert_int_equal(f->count, 0);
}

/* What is not sent again has not run; what is sent late has run since the pass before. */
static void partial_passes_mean_what_they_leave_out(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), idle = start(f, shell, "/bin/a");

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, idle, 100);
	made_run(&f->host, 3);
	burn(f, idle, 0);
	made_run(&f->host, 20);
	assert_int_equal(f->count, 0);
	burn(f, idle, 100);
	made_run(&f->host, 5);
	assert_int_equal(f->count, 1);
	assert_true(f->told[0].frame.value > 99 && f->told[0].frame.value < 101);
}

/* The time of a suspended link does not count as one long sample. */
static void a_pass_with_missing_samples_proves_nothing(void **state)
{
	struct fixture *f = *state;
	const struct sample_begin begin = {.time_ns = 0, .pass = 77};
	const struct sample_end end = {.time_ns = 0, .pass = 77, .seen = 9, .sent = 9};
	uint32_t stress = start(f, shell_of(f), "/bin/a");

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, stress, 100);
	for (unsigned i = 0; i < 10; i++) {
		struct sample_begin lost = begin;

		made_wait_ms(&f->host, 1000);
		lost.time_ns = f->host.now_ns;
		made_frame(&f->host, FRAME_SAMPLE_BEGIN, &lost, NULL);
		made_frame(&f->host, FRAME_SAMPLE_END, &end, NULL);
	}
	assert_int_equal(f->count, 0);
	engine_unsync(f->engine);
	made_run(&f->host, 4);
	assert_true(f->count <= 1);
}

static void children_that_died_in_the_interval_count_for_who_started_them(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), loop = start(f, shell, "/bin/loop");

	use_rules(f, CPU);
	made_connect(&f->host);
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned j = 0; j < 10; j++) {
			uint32_t job = made_fork(&f->host, loop);

			burn(f, job, 80);
			made_wait_ms(&f->host, 100);
			made_exit(&f->host, job, 0);
		}
		made_partial_pass(&f->host);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, loop);
	assert_true(f->told[0].frame.value > 79 && f->told[0].frame.value < 81);
}

static void jobs_that_take_turns_are_laid_to_who_runs_them(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), make = start(f, shell, "/usr/bin/make");

	use_rules(f, CPU);
	made_connect(&f->host);
	for (unsigned i = 0; i < 6; i++) {
		uint32_t cc = start(f, make, "/usr/bin/cc");

		burn(f, cc, 100);
		made_run(&f->host, 2);
		made_exit(&f->host, cc, 0);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, make);
}

static void the_greater_part_is_named_and_a_smaller_neighbour_is_not(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run");
	uint32_t hog = start(f, run, "/bin/hog"), neighbour = start(f, run, "/bin/other");

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, hog, 95);
	burn(f, neighbour, 15);
	made_run(&f->host, 12);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	assert_int_equal(f->told[0].frame.root_tgid, shell);
}

static void a_part_below_the_threshold_is_named_for_the_whole(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run");
	uint32_t part = start(f, run, "/bin/part"), rest = start(f, run, "/bin/rest");
	char expected[128];

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, part, 48);
	burn(f, rest, 7);
	made_run(&f->host, 12);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, part);
	snprintf(expected, sizeof(expected),
		"part (pid %u, uid 1000) used 48 of 55 %% of a core for 5 s (limit 50)", part);
	assert_string_equal(f->told[0].message, expected);
}

static void where_two_share_it_their_parent_is_named_once(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run");
	uint32_t a = start(f, run, "/bin/a"), b = start(f, run, "/bin/b");

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, a, 90);
	burn(f, b, 90);
	made_run(&f->host, 20);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, run);
}

static void a_second_hog_beside_a_told_one_is_told_by_itself(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), first = start(f, shell, "/bin/first"), second;

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, first, 100);
	made_run(&f->host, 8);
	assert_int_equal(f->count, 1);
	second = start(f, shell, "/bin/second");
	burn(f, second, 100);
	made_run(&f->host, 8);
	assert_int_equal(f->count, 2);
	assert_int_equal(naming(f, first), 1);
	assert_int_equal(naming(f, second), 1);
}

static void reparenting_does_not_change_whose_tree_it_is(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run");
	uint32_t middle = start(f, run, "/bin/middle");
	uint32_t a = start(f, middle, "/bin/a"), b = start(f, middle, "/bin/b");

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, a, 30);
	burn(f, b, 30);
	made_run(&f->host, 2);
	made_exit(&f->host, middle, 0);
	made_run(&f->host, 10);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, run);
}

static void managers_answer_for_nobody(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), tmux = made_process(&f->host, shell, "tmux: server", USER);
	uint32_t pane = made_process(&f->host, tmux, "zsh", USER);

	use_rules(f, CPU);
	made_connect(&f->host);
	burn(f, pane, 60);
	burn(f, tmux, 90);
	burn(f, 1, 90);
	made_run(&f->host, 12);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, pane);
}

static void what_has_gone_unseen_is_over(void **state)
{
	struct fixture *f = *state;
	uint32_t stress = start(f, shell_of(f), "/bin/a");

	use_rules(f,
		"- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 5, cooldown: 6}\n");
	made_connect(&f->host);
	burn(f, stress, 100);
	made_run(&f->host, 6);
	assert_int_equal(f->count, 1);
	made_exit_inferred(&f->host, stress);
	made_run(&f->host, 9);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->cleared, 1);
	assert_string_equal(f->cleared_why, "condition cleared");
}

static void hysteresis_holds_it_and_the_cooldown_repeats_it(void **state)
{
	struct fixture *f = *state;
	uint32_t stress = start(f, shell_of(f), "/bin/a");
	struct rule rule;

	use_rules(f, "- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 5,"
		     " cooldown: 10, clear_below: 20}\n");
	made_connect(&f->host);
	burn(f, stress, 100);
	made_run(&f->host, 14);
	assert_int_equal(f->count, 1);
	made_run(&f->host, 2);
	assert_int_equal(f->count, 2);
	burn(f, stress, 25);
	made_run(&f->host, 30);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.active, 1);
	assert_int_equal(f->cleared, 0);
	burn(f, stress, 10);
	made_run(&f->host, 13);
	assert_int_equal(f->cleared, 1);
	assert_int_equal(f->count, 2);
}

static void filters_hold_for_levels_too(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), hog = start(f, shell, "/bin/hog");
	uint32_t other = start(f, shell, "/bin/other");

	use_rules(f, "- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 2,"
		     " exclude: [{comm: hog}]}\n"
		     "- {name: me, detector: subtree_cpu_pct, threshold: 50, duration: 2,"
		     " scope: process, match: {exe: '/bin/other'}}\n");
	made_connect(&f->host);
	burn(f, hog, 100);
	burn(f, other, 10);
	made_run(&f->host, 6);
	assert_int_equal(f->count, 0);
	burn(f, other, 60);
	made_run(&f->host, 4);
	assert_int_equal(naming(f, hog), 0);
	assert_int_equal(naming(f, other), 2);
	assert_int_equal(f->count, 2);
}

static void a_runaway_tree_is_a_busy_parent_with_a_busy_child(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), parent = start(f, shell, "/bin/parent");
	uint32_t child = start(f, parent, "/bin/child"), grandchild = start(f, child, "/bin/grand");

	use_rules(f, TREE);
	made_connect(&f->host);
	/* One that is busy alone, and one whose parent only waits, are none. */
	burn(f, parent, 100);
	burn(f, child, 9);
	made_run(&f->host, 8);
	burn(f, parent, 9);
	burn(f, child, 100);
	made_run(&f->host, 8);
	burn(f, parent, 30);
	burn(f, child, 59);
	made_run(&f->host, 8);
	assert_int_equal(f->count, 0);
	burn(f, parent, 15);
	burn(f, child, 90);
	made_run(&f->host, 6);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, parent);
	assert_non_null(strstr(
		f->told[0].message, "and its children used 105 % of a core for 5 s (limit 90)"));
	(void)grandchild;
}

static void a_runaway_tree_with_a_window_counts_the_forks_of_one_parent(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), a = start(f, shell, "/bin/a"), b = start(f, shell, "/bin/b");

	use_rules(f, "- {name: tree, detector: runaway_tree, threshold: 20, window_seconds: 10}\n");
	made_connect(&f->host);
	made_storm(&f->host, a, 20, 50);
	made_storm(&f->host, b, 20, 50);
	assert_int_equal(f->count, 0);
	made_storm(&f->host, b, 1, 50);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, b);
}

static void memory_is_that_of_the_tree(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run");
	uint32_t a = start(f, run, "/bin/a"), b = start(f, run, "/bin/b");

	use_rules(f, RSS);
	made_connect(&f->host);
	made_use(&f->host, a)->anon_mb = 25;
	made_use(&f->host, b)->file_mb = 25;
	made_run(&f->host, 10);
	assert_int_equal(f->count, 0); /* exactly the threshold */
	made_use(&f->host, b)->shmem_mb = 5;
	made_run(&f->host, 2);
	assert_int_equal(f->count, 0);
	made_run(&f->host, 1);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, run);
	assert_non_null(strstr(f->told[0].message, "held 55 MB of memory for 2 s (limit 50)"));
}

/* Its shell came over the threshold a pass earlier, by its own few megabytes. */
static void the_one_that_is_over_a_little_later_is_waited_for(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), leaky = start(f, shell, "/bin/leaky");

	use_rules(f, RSS);
	made_connect(&f->host);
	made_use(&f->host, shell)->anon_mb = 5;
	made_use(&f->host, leaky)->anon_mb_per_sec = 4;
	made_run(&f->host, 30);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leaky);
}

static void files_are_measured_by_the_limit(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), pool = start(f, shell, "/bin/pool");
	uint32_t leak = start(f, shell, "/bin/leak");

	use_rules(f, FDS);
	made_connect(&f->host);
	made_use(&f->host, pool)->fds = 9000;
	made_use(&f->host, pool)->fd_limit = 10000;
	made_use(&f->host, leak)->fds = 900;
	made_run(&f->host, 5);
	assert_int_equal(f->count, 0);
	made_use(&f->host, leak)->fds = 1000;
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leak);
	assert_non_null(strstr(f->told[0].message,
		"had 98 % of the files open that it may have for 2 s (limit 90)"));
	assert_int_equal(f->told[0].frame.scope, SCOPE_PROCESS);
}

static void zombies_are_laid_to_the_parent_until_they_are_reaped(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), server = start(f, shell, "/bin/server"), children[6];

	use_rules(
		f, "- {name: z, detector: zombie_count, threshold: 5, duration: 3, cooldown: 5}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < ARRAY_LEN(children); i++)
		children[i] = made_fork(&f->host, server);
	for (unsigned i = 0; i < 5; i++)
		made_zombie(&f->host, children[i]);
	made_run(&f->host, 6);
	assert_int_equal(f->count, 0);
	made_zombie(&f->host, children[5]);
	made_run(&f->host, 4);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, server);
	assert_non_null(strstr(f->told[0].message, "had 6 ended children it did not wait for"));
	for (unsigned i = 0; i < 3; i++)
		made_reap(&f->host, children[i]);
	made_run(&f->host, 9);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->cleared, 1);
}

/* Longer than ended processes are remembered; and a full pass shows who is not there any more. */
static void zombies_are_not_forgotten_before_they_are_gone(void **state)
{
	struct fixture *f = *state;
	uint32_t server = start(f, shell_of(f), "/bin/server"), child;
	struct detection detection = {0};
	struct rule rule;

	use_rules(
		f, "- {name: z, detector: zombie_count, threshold: 0, duration: 3, cooldown: 5}\n");
	made_connect(&f->host);
	child = made_fork(&f->host, server);
	made_zombie(&f->host, child);
	made_run(&f->host, 400);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.active, 1);
	assert_true(f->count > 50);
	f->host.processes[child].zombie = false;
	made_pass(&f->host);
	made_run(&f->host, 9);
	engine_rule(f->engine, 0, &rule);
	assert_int_equal(rule.active, 0);
	made_run(&f->host, 400);
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.processes_kept, 0);
	assert_int_equal(detection.processes, 4);
}

static void sleepers_that_cannot_be_woken_are_counted_on_the_whole_host(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), run = start(f, shell, "/bin/run"),
		 other = start(f, shell, "/a");

	use_rules(f, "- {name: d, detector: dstate_count, threshold: 4, duration: 3}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 4; i++)
		made_use(&f->host, made_fork(&f->host, run))->state = 'D';
	made_run(&f->host, 6);
	assert_int_equal(f->count, 0);
	made_use(&f->host, other)->state = 'D';
	made_run(&f->host, 4);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.scope, SCOPE_HOST);
	assert_int_equal(f->told[0].frame.culprit.tgid, run);
	assert_non_null(
		strstr(f->told[0].message, "had 4 of 5 processes in uninterruptible sleep"));
}

static void threads_are_counted_by_process(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), a = start(f, shell, "/bin/a"), b = start(f, shell, "/bin/b");

	use_rules(f, "- {name: t, detector: thread_count, threshold: 500, duration: 1}\n");
	made_connect(&f->host);
	made_use(&f->host, a)->threads = 500;
	made_use(&f->host, b)->threads = 501;
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, b);
	assert_non_null(strstr(f->told[0].message, "had 501 threads for 1 s (limit 500)"));
}

static void storage_traffic_is_that_of_the_tree(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), copy = start(f, shell, "/bin/copy");

	use_rules(f, IO);
	made_connect(&f->host);
	made_use(&f->host, copy)->io_mb_per_sec = 19;
	made_run(&f->host, 8);
	assert_int_equal(f->count, 0);
	made_use(&f->host, copy)->io_mb_per_sec = 30;
	made_run(&f->host, 3);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, copy);
	assert_non_null(strstr(f->told[0].message, "read and wrote 30.0 MB per second for 3 s"));
}

static void the_kernels_victims_are_told_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), victim = start(f, shell, "/bin/victim");
	char expected[128];

	use_rules(f, "- {name: oom, detector: oom_kill, threshold: 0, window_seconds: 60,"
		     " propose: {action: kill_process}}\n");
	made_connect(&f->host);
	made_oom(&f->host, victim);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, victim);
	assert_int_equal(f->told[0].frame.time_ns, f->host.now_ns);
	assert_false(f->told[0].actionable);
	snprintf(expected, sizeof(expected),
		"victim (pid %u, uid 1000) is the last of 1 killed for want of memory within 60 s (limit 0)",
		victim);
	assert_string_equal(f->told[0].message, expected);
	made_exit(&f->host, victim, 9);
	made_run(&f->host, 130);
	assert_int_equal(f->cleared, 1);
}

static void press(struct fixture *f, unsigned secs, double cpu, double memory, double io)
{
	for (unsigned i = 0; i < secs; i++) {
		made_run(&f->host, 1);
		made_pressure(&f->host, cpu, memory, io);
	}
}

static void pressure_is_told_with_who_uses_most(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), hog = start(f, shell, "/bin/hog");
	uint32_t other = start(f, shell_of(f), "/bin/other");
	char expected[192];

	use_rules(f, "- {name: c, detector: system_psi_cpu, threshold_pct: 40, duration: 5}\n"
		     "- {name: m, detector: system_psi_memory, threshold_pct: 10, duration: 5}\n"
		     "- {name: i, detector: system_psi_io, threshold_pct: 10, duration: 5}\n");
	made_connect(&f->host);
	burn(f, hog, 190);
	burn(f, other, 10);
	made_use(&f->host, hog)->anon_mb = 100;
	made_use(&f->host, other)->anon_mb = 100;
	press(f, 5, 60, 10, 10);
	press(f, 1, 40, 10, 10);
	press(f, 5, 60, 10, 10);
	assert_int_equal(f->count, 0);
	press(f, 1, 60, 10, 10);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	assert_int_equal(f->told[0].frame.scope, SCOPE_HOST);
	snprintf(expected, sizeof(expected),
		"somebody waited for a CPU 60.0 %% of the time for 5 s (limit 40),"
		" most of it is used by hog (pid %u, uid 1000)",
		hog);
	assert_string_equal(f->told[0].message, expected);
	press(f, 7, 10, 11, 10);
	assert_int_equal(f->count, 2);
	assert_string_equal(f->told[1].rule, "m");
	assert_int_equal(f->told[1].frame.culprit.tgid, 0); /* nobody has 80 % */
	assert_false(f->told[1].actionable);
	press(f, 7, 10, 0, 11);
	assert_int_equal(f->count, 3);
	assert_string_equal(f->told[2].rule, "i");
	press(f, 70, 0, 0, 0);
	assert_int_equal(f->cleared, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_cpu_spike_is_told_after_five_seconds),
		TEST(a_cpu_spike_between_two_passes_is_told_within_a_pass_more),
		TEST(a_burst_or_less_than_the_threshold_is_no_spike),
		TEST(partial_passes_mean_what_they_leave_out),
		TEST(a_pass_with_missing_samples_proves_nothing),
		TEST(children_that_died_in_the_interval_count_for_who_started_them),
		TEST(jobs_that_take_turns_are_laid_to_who_runs_them),
		TEST(the_greater_part_is_named_and_a_smaller_neighbour_is_not),
		TEST(a_part_below_the_threshold_is_named_for_the_whole),
		TEST(where_two_share_it_their_parent_is_named_once),
		TEST(a_second_hog_beside_a_told_one_is_told_by_itself),
		TEST(reparenting_does_not_change_whose_tree_it_is),
		TEST(managers_answer_for_nobody),
		TEST(what_has_gone_unseen_is_over),
		TEST(hysteresis_holds_it_and_the_cooldown_repeats_it),
		TEST(filters_hold_for_levels_too),
		TEST(a_runaway_tree_is_a_busy_parent_with_a_busy_child),
		TEST(a_runaway_tree_with_a_window_counts_the_forks_of_one_parent),
		TEST(memory_is_that_of_the_tree),
		TEST(the_one_that_is_over_a_little_later_is_waited_for),
		TEST(files_are_measured_by_the_limit),
		TEST(zombies_are_laid_to_the_parent_until_they_are_reaped),
		TEST(zombies_are_not_forgotten_before_they_are_gone),
		TEST(sleepers_that_cannot_be_woken_are_counted_on_the_whole_host),
		TEST(threads_are_counted_by_process),
		TEST(storage_traffic_is_that_of_the_tree),
		TEST(the_kernels_victims_are_told_at_once),
		TEST(pressure_is_told_with_who_uses_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
