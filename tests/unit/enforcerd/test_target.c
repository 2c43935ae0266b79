/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/target.h"

#include <stdio.h>

#include "processes.h"

static struct gate_process process;
static struct target target;
static const char *why;
static pid_t child;

static int set_up(void **state)
{
	(void)state;
	target = (struct target){.pidfd = -1};
	child = sleeper_as(0);
	return proc_open();
}

static int tear_down(void **state)
{
	(void)state;
	target_close(&target);
	if (child > 0)
		end_child(child);
	return 0;
}

static void proves_a_process_by_its_inode(void **state)
{
	struct propose propose = proposal_of(child);
	struct gate_facts facts = {0};

	(void)state;
	if (propose.ino == 0)
		skip();
	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	assert_true(target.strong);
	assert_true(process.known);
	assert_int_equal(process.uid, geteuid());
	target_measure(&target, &process, &facts);
	assert_true(facts.alive && facts.same_uid && facts.same_cgroup);
}

static void marks_a_proof_by_start_time_as_weak(void **state)
{
	struct propose propose = proposal_of(child);

	(void)state;
	propose.ino = 0;
	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	assert_false(target.strong);
}

static void refuses_another_process_with_the_same_pid(void **state)
{
	struct propose propose = proposal_of(child);

	(void)state;
	propose.ino++;
	assert_int_equal(target_open(&propose, &target, &process, &why), -ESRCH);
	assert_string_equal(why, "the pid belongs to another process now");
	propose.ino = 0;
	propose.start_ns += PROC_TICK_NS;
	assert_int_equal(target_open(&propose, &target, &process, &why), -ESRCH);
	assert_int_equal(target.pidfd, -1);
}

static void refuses_a_process_whose_user_has_changed(void **state)
{
	struct propose propose = proposal_of(child);

	(void)state;
	propose.uid++;
	assert_int_equal(target_open(&propose, &target, &process, &why), -EPERM);
}

static void refuses_the_gone_reaped_or_not(void **state)
{
	struct propose propose = proposal_of(child);
	siginfo_t info;

	(void)state;
	signal_child(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(target_open(&propose, &target, &process, &why), -ESRCH);
	waitpid(child, NULL, 0);
	child = 0;
	assert_int_equal(target_open(&propose, &target, &process, &why), -ESRCH);
}

static void notices_a_change_of_user(void **state)
{
	struct propose propose = proposal_of(child);
	struct gate_facts facts = {0};

	(void)state;
	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	target.uid++;
	target_measure(&target, &process, &facts);
	assert_true(facts.alive && !facts.same_uid && facts.same_cgroup);
}

static void notices_a_change_of_cgroup(void **state)
{
	struct propose propose = proposal_of(child);
	struct gate_facts facts = {0};

	(void)state;
	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	target.cgroups[0]++;
	target_measure(&target, &process, &facts);
	assert_true(facts.alive && facts.same_uid && !facts.same_cgroup);
}

/* The newcomer starts within the same clock tick and has the same pid: to start times it is the
 * same process. */
static void is_not_deceived_by_a_recycled_pid(void **state)
{
	struct propose propose = proposal_of(child);
	struct gate_facts facts = {0};
	pid_t pid = child;

	(void)state;
	if (propose.ino == 0)
		skip();
	assert_int_equal(target_open(&propose, &target, &process, &why), 0);
	end_child(child);
	child = sleeper_as(pid);
	assert_int_equal(child, pid);
	target_measure(&target, &process, &facts);
	assert_false(facts.alive);
	target_close(&target);
	assert_int_equal(target_open(&propose, &target, &process, &why), -ESRCH);
}

static void lists_its_own_ancestors(void **state)
{
	struct gate_line line;

	(void)state;
	measure_line((uint32_t)child, &line);
	assert_true(line.known);
	assert_int_equal(line.count, 2); /* this test is the first process of its namespace */
	assert_int_equal(line.pids[0], child);
	assert_int_equal(line.pids[1], 1);
	measure_line(0, &line);
	assert_true(line.known && line.count == 0);
	measure_line(PROC_PID_MAX, &line);
	assert_false(line.known);
}

/* A user's set-uid program that calls itself sshd, and a session leader below it. */
static void takes_a_set_uid_program_for_its_users(void **state)
{
	struct gate_process below;
	int ready[2];
	pid_t pid, leader = 0;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork_as(0);
	if (pid == 0) {
		prctl(PR_SET_NAME, "sshd");
		if (setresuid(1000, 0, 0) < 0)
			_exit(1);
		leader = fork();
		if (leader < 0)
			_exit(1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (leader == 0) {
			setsid();
			leader = getpid();
			(void)!write(ready[1], &leader, sizeof(leader));
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &leader, sizeof(leader)), sizeof(leader));
	measure_process((uint32_t)pid, &process);
	assert_true(process.known);
	assert_int_equal(process.uid, 0);
	assert_int_equal(process.real_uid, 1000);
	measure_process((uint32_t)leader, &below);
	assert_true(below.session_leader && below.parents[0].known);
	assert_string_equal(below.parents[0].comm, "sshd");
	assert_int_equal(below.parents[0].uid, 1000);
	end_child(pid);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(proves_a_process_by_its_inode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			marks_a_proof_by_start_time_as_weak, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_another_process_with_the_same_pid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			refuses_a_process_whose_user_has_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_the_gone_reaped_or_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(notices_a_change_of_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(notices_a_change_of_cgroup, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			is_not_deceived_by_a_recycled_pid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_its_own_ancestors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			takes_a_set_uid_program_for_its_users, set_up, tear_down),
	};

	if (geteuid() != 0 || !enter_namespace()) {
		printf("1..0 # SKIP needs root and a pid namespace\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
