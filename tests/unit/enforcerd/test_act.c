/* SPDX-License-Identifier: AGPL-3.0-only */
/* Real processes, really ended. */
#include "enforcerd/act.h"

#include <stdio.h>

#include "processes.h"

static struct loop *loop;
static struct act_result result;
static unsigned running, terms, kills, asked;
static uint32_t protected_pid; /* must not join a tree */
static unsigned stop_after;    /* signals are refused after being asked this often; 0: never */
static pid_t stopping;	       /* which of them is really stopped before that */

static void wait_for_stop(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

static int may_signal(uint64_t action, const char **why, void *ctx)
{
	(void)action;
	(void)ctx;
	*why = "held";
	if (stop_after == 0 || ++asked <= stop_after)
		return 0;
	if (stopping > 0)
		wait_for_stop(stopping);
	return -ECANCELED;
}

static bool may_join(uint64_t action, const struct gate_process *process, void *ctx)
{
	(void)action;
	(void)ctx;
	assert_true(process->known || process->pid != 0);
	return process->pid != protected_pid;
}

static void on_signal(uint64_t action, int signal, unsigned members, void *ctx)
{
	(void)action;
	(void)ctx;
	*(signal == SIGTERM ? &terms : &kills) += members;
}

static void on_done(uint64_t action, const struct act_result *r, void *ctx)
{
	(void)action;
	(void)ctx;
	result = *r;
	if (--running == 0)
		loop_stop(loop);
}

static const struct act_callbacks callbacks = {may_signal, may_join, on_signal, on_done};

static int set_up(void **state)
{
	(void)state;
	running = terms = kills = asked = protected_pid = stop_after = 0;
	stopping = 0;
	if (proc_open() < 0 || loop_new(&loop) < 0)
		return -1;
	return act_init(loop, &callbacks, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	act_done();
	loop_free(loop);
	return 0;
}

static struct target target_of(pid_t pid)
{
	static struct gate_process process;
	struct propose propose = proposal_of(pid);
	struct target target = {.pidfd = -1};
	const char *why;

	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	return target;
}

static int order(
	const struct target *target, enum action_type type, int signal, uint32_t grace_secs)
{
	const struct act_order o = {.action = 1,
		.type = type,
		.signal = signal,
		.grace_secs = grace_secs,
		.target = target};
	int r = act_start(&o);

	running += r == 0;
	return r;
}

static void act(pid_t pid, enum action_type type, int signal, uint32_t grace_secs)
{
	struct target target = target_of(pid);

	assert_int_equal(order(&target, type, signal, grace_secs), 0);
	target_close(&target);
	assert_int_equal(loop_run(loop), 0);
}

static int ended_by(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WTERMSIG(status);
}

static bool is_alive(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static void ends_a_process_gently(void **state)
{
	pid_t child = sleeper_as(0), bystander = sleeper_as(0);

	(void)state;
	act(child, ACTION_KILL_PROCESS, SIGTERM, 5);
	assert_int_equal(result.error, 0);
	assert_int_equal(result.signalled, 1);
	assert_int_equal(ended_by(child), SIGTERM);
	assert_true(terms == 1 && kills == 0);
	assert_true(is_alive(bystander));
	end_child(bystander);
}

static pid_t stubborn_sleeper(void)
{
	pid_t child;

	signal(SIGTERM, SIG_IGN);
	child = sleeper_as(0);
	signal(SIGTERM, SIG_DFL);
	return child;
}

static void kills_what_does_not_end_in_time(void **state)
{
	pid_t child = stubborn_sleeper();

	(void)state;
	act(child, ACTION_KILL_PROCESS, SIGTERM, 1);
	assert_int_equal(result.error, 0);
	assert_true(result.after_ns > NSEC_PER_SEC / 2);
	assert_int_equal(ended_by(child), SIGKILL);
	assert_true(terms == 1 && kills == 1);
}

static void kills_at_once_when_told_so(void **state)
{
	pid_t child = stubborn_sleeper();

	(void)state;
	act(child, ACTION_KILL_PROCESS, SIGKILL, 5);
	assert_int_equal(result.error, 0);
	assert_int_equal(ended_by(child), SIGKILL);
	assert_true(terms == 0 && kills == 1);
}

static void sends_nothing_to_what_has_gone(void **state)
{
	pid_t child = sleeper_as(0);
	struct target target = target_of(child);

	(void)state;
	end_child(child);
	assert_int_equal(order(&target, ACTION_KILL_PROCESS, SIGKILL, 0), 0);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(result.error, -ESRCH);
	assert_true(kills == 0 && result.signalled == 0);
	target_close(&target);
}

/* A root with @count children, half of them orphaned: their parent has exited, they share its
 * group. */
static pid_t tree_of(unsigned count, int *exits)
{
	int pipes[2], ready[2];
	char byte;
	pid_t root;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pipe(ready), 0);
	root = fork();
	if (root == 0) {
		close(pipes[0]);
		setsid();
		for (unsigned i = 0; i < count; i++) {
			if (i % 2 == 0) {
				if (fork() == 0)
					for (;;)
						pause();
			} else if (fork() == 0) {
				if (fork() == 0)
					for (;;)
						pause();
				_exit(0);
			} else {
				wait(NULL);
			}
		}
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	*exits = pipes[0];
	return root;
}

/* The tree holds the other end of this pipe: it is closed when the last of them has gone. */
static void assert_all_gone(int exits)
{
	char byte;

	assert_int_equal(read(exits, &byte, 1), 0);
	close(exits);
}

static void ends_a_whole_tree_and_nobody_else(void **state)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		pid_t bystander = sleeper_as(0);
		int exits;
		pid_t root = tree_of(100, &exits);

		act(root, ACTION_KILL_TREE, signals[i], 5);
		assert_int_equal(result.error, 0);
		assert_int_equal(result.signalled, 101);
		assert_int_equal(result.left, 0);
		assert_int_equal(ended_by(root), signals[i]);
		assert_all_gone(exits);
		assert_true(is_alive(bystander));
		end_child(bystander);
	}
}

static void spares_a_whole_tree_for_one_member(void **state)
{
	pid_t root, member = 0;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	root = fork();
	if (root == 0) {
		member = sleeper_as(0);
		(void)!write(pipes[1], &member, sizeof(member));
		for (;;)
			pause();
	}
	assert_int_equal(read(pipes[0], &member, sizeof(member)), sizeof(member));
	protected_pid = (uint32_t)member;
	act(root, ACTION_KILL_TREE, SIGKILL, 0);
	assert_int_equal(result.error, -EPERM);
	assert_true(terms == 0 && kills == 0 && result.signalled == 0);
	assert_true(is_alive(root));
	signal_child(member, 0);
	end_child(root);
	close(pipes[0]);
	close(pipes[1]);
}

/* Forks for ever, each generation outliving its parent only shortly; bounded by itself. */
static pid_t growing_tree(int *exits)
{
	int pipes[2];
	pid_t root;

	assert_int_equal(pipe(pipes), 0);
	root = fork();
	if (root == 0) {
		close(pipes[0]);
		setsid();
		signal(SIGTERM, SIG_IGN);
		signal(SIGCHLD, SIG_IGN);
		for (unsigned i = 0; i < 300; i++) {
			if (fork() == 0) {
				alarm(30);
				usleep(2000);
				if (fork() != 0 && i % 2)
					_exit(0);
				for (;;)
					pause();
			}
			usleep(1000);
		}
		for (;;)
			pause();
	}
	close(pipes[1]);
	*exits = pipes[0];
	return root;
}

static void catches_a_tree_that_grows(void **state)
{
	int exits;
	pid_t root = growing_tree(&exits);

	(void)state;
	usleep(100000);
	act(root, ACTION_KILL_TREE, SIGKILL, 0);
	assert_int_equal(result.error, 0);
	assert_int_equal(ended_by(root), SIGKILL);
	assert_all_gone(exits);
}

static void lets_go_of_what_it_stopped_when_it_is_held(void **state)
{
	int exits, status;
	pid_t root = tree_of(4, &exits);

	(void)state;
	stop_after = 1; /* the first STOP is sent, the next round is refused */
	stopping = root;
	act(root, ACTION_KILL_TREE, SIGKILL, 0);
	assert_int_equal(result.error, -ECANCELED);
	assert_string_equal(result.why, "held");
	assert_true(kills == 0);
	assert_int_equal(result.left, 5);
	assert_int_equal(waitpid(root, &status, WCONTINUED), root);
	assert_true(WIFCONTINUED(status));
	stop_after = 0;
	act(root, ACTION_KILL_TREE, SIGKILL, 0);
	assert_int_equal(ended_by(root), SIGKILL);
	assert_all_gone(exits);
}

static void leaves_stopped_processes_as_they_were(void **state)
{
	int exits, status;
	pid_t root = tree_of(0, &exits);

	(void)state;
	signal_child(root, SIGSTOP);
	wait_for_stop(root);
	stop_after = 1;
	act(root, ACTION_KILL_TREE, SIGKILL, 0);
	assert_int_equal(waitpid(root, &status, WNOHANG | WCONTINUED), 0);
	end_child(root);
	close(exits);
}

static void does_a_bounded_number_at_a_time(void **state)
{
	struct target targets[ACT_TREES_MAX + 1];
	pid_t children[ACT_TREES_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= ACT_TREES_MAX; i++) {
		children[i] = sleeper_as(0);
		targets[i] = target_of(children[i]);
		assert_int_equal(order(&targets[i], ACTION_KILL_TREE, SIGKILL, 0),
			i < ACT_TREES_MAX ? 0 : -EBUSY);
	}
	assert_int_equal(order(&targets[ACT_TREES_MAX], ACTION_KILL_PROCESS, SIGKILL, 0), 0);
	assert_int_equal(loop_run(loop), 0);
	for (size_t i = 0; i <= ACT_TREES_MAX; i++) {
		assert_int_equal(ended_by(children[i]), SIGKILL);
		target_close(&targets[i]);
	}
}

/* The pid of a target that has gone is given to a newcomer at once: he must never notice. */
static void never_signals_the_next_owner_of_a_pid(void **state)
{
	(void)state;
	for (int round = 0; round < 1000; round++) {
		pid_t child = sleeper_as(0), newcomer;
		struct target target = target_of(child);

		end_child(child);
		newcomer = sleeper_as(child);
		assert_int_equal(newcomer, child);
		assert_int_equal(order(&target, round % 2 ? ACTION_KILL_TREE : ACTION_KILL_PROCESS,
					 SIGKILL, 0),
			0);
		assert_int_equal(loop_run(loop), 0);
		assert_int_equal(result.error, -ESRCH);
		assert_true(is_alive(newcomer));
		end_child(newcomer);
		target_close(&target);
	}
	assert_true(terms == 0 && kills == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ends_a_process_gently, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kills_what_does_not_end_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kills_at_once_when_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sends_nothing_to_what_has_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			ends_a_whole_tree_and_nobody_else, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			spares_a_whole_tree_for_one_member, set_up, tear_down),
		cmocka_unit_test_setup_teardown(catches_a_tree_that_grows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			lets_go_of_what_it_stopped_when_it_is_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaves_stopped_processes_as_they_were, set_up, tear_down),
		cmocka_unit_test_setup_teardown(does_a_bounded_number_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			never_signals_the_next_owner_of_a_pid, set_up, tear_down),
	};

	if (geteuid() != 0 || !enter_namespace()) {
		printf("1..0 # SKIP needs root and a pid namespace\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
