/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/actions.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct actions actions;

static int set_up(void **state)
{
	(void)state;
	memset(&actions, 0, sizeof(actions));
	actions_init(&actions, 41, 3);
	return 0;
}

static void goes_on_counting_where_the_last_run_stopped(void **state)
{
	(void)state;
	assert_int_equal(actions_add(&actions)->id, 42);
	assert_int_equal(actions_add(&actions)->id, 43);
	assert_ptr_equal(actions_find(&actions, 43), &actions.places[1]);
	assert_null(actions_find(&actions, 41));
	assert_null(actions_find(&actions, 0));
}

static void finish(struct job *job)
{
	job_move(job, STATUS_REJECTED);
}

static void drops_the_oldest_finished_action_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ACTIONS_MAX; i++)
		assert_non_null(actions_add(&actions));
	assert_null(actions_add(&actions));
	finish(actions_find(&actions, 60));
	finish(actions_find(&actions, 50));
	assert_int_equal(actions_add(&actions)->id, 42 + ACTIONS_MAX);
	assert_null(actions_find(&actions, 50));
	assert_non_null(actions_find(&actions, 60));
	assert_non_null(actions_add(&actions));
	assert_null(actions_find(&actions, 60));
	assert_null(actions_add(&actions));
}

static void forgets_a_cancelled_action_with_its_number(void **state)
{
	(void)state;
	actions_cancel(&actions, actions_add(&actions));
	assert_int_equal(actions_add(&actions)->id, 42);
}

static void finds_the_unfinished_action_about_a_process(void **state)
{
	const struct target target = {.pid = 100, .ino = 5, .start_ticks = 7};
	struct target other = target;
	struct job *job = actions_add(&actions);

	(void)state;
	job->target = target;
	assert_ptr_equal(actions_find_target(&actions, &target), job);
	other.ino = 6;
	assert_null(actions_find_target(&actions, &other));
	other = target;
	other.start_ticks = 8;
	assert_null(actions_find_target(&actions, &other));
	finish(job);
	assert_null(actions_find_target(&actions, &target));
}

/* What happens to a process that takes the step: 0, or the signal that ended it. */
static int outcome_of_step(enum action_status from, enum action_status to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct job job = {.status = from};

		close(STDERR_FILENO);
		job_move(&job, to);
		_exit(job.status == to ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void takes_only_the_steps_of_the_state_machine(void **state)
{
	static const bool allowed[STATUS_COUNT][STATUS_COUNT] = {
		[STATUS_PENDING] = {[STATUS_APPROVED] = true,
			[STATUS_REJECTED] = true,
			[STATUS_EXPIRED] = true,
			[STATUS_WITHDRAWN] = true},
		[STATUS_APPROVED] = {[STATUS_EXECUTING] = true, [STATUS_FAILED] = true},
		[STATUS_EXECUTING] = {[STATUS_EXECUTED] = true, [STATUS_FAILED] = true},
	};

	(void)state;
	for (enum action_status from = 0; from < STATUS_COUNT; from++)
		for (enum action_status to = 0; to < STATUS_COUNT; to++)
			assert_int_equal(
				outcome_of_step(from, to), allowed[from][to] ? 0 : SIGABRT);
}

static void grows_its_version_with_each_change(void **state)
{
	struct job *job = actions_add(&actions);

	(void)state;
	assert_int_equal(job->version, 1);
	assert_int_equal(job_approve(job, &(struct approval){.uid = 1}, 2), 1);
	assert_int_equal(job->version, 2);
	job_move(job, STATUS_REJECTED);
	assert_int_equal(job->version, 3);
}

static void counts_each_approver_once(void **state)
{
	struct job *job = actions_add(&actions);

	(void)state;
	assert_int_equal(job_approve(job, &(struct approval){.uid = 1}, 3), 2);
	assert_int_equal(job_approve(job, &(struct approval){.uid = 1}, 3), -EEXIST);
	assert_int_equal(job_approve(job, &(struct approval){.uid = 0}, 3), 1);
	assert_int_equal(job_approve(job, &(struct approval){.uid = 2}, 3), 0);
	assert_int_equal(job->approval_count, 3);
}

static void limits_executions_in_a_sliding_hour(void **state)
{
	const uint64_t start = 10 * BUDGET_NS;

	(void)state;
	assert_int_equal(budget_left(&actions, start), 3);
	budget_spend(&actions, start);
	budget_spend(&actions, start + BUDGET_NS / 2);
	budget_spend(&actions, start + BUDGET_NS - 1);
	assert_int_equal(budget_left(&actions, start + BUDGET_NS - 1), 0);
	assert_int_equal(budget_left(&actions, start + BUDGET_NS), 1);
	assert_int_equal(budget_left(&actions, start + BUDGET_NS + BUDGET_NS / 2), 2);
	assert_int_equal(budget_left(&actions, start + 3 * BUDGET_NS), 3);
}

static void has_no_budget_where_none_is_configured(void **state)
{
	(void)state;
	actions_init(&actions, 0, 0);
	assert_int_equal(budget_left(&actions, 1), 0);
}

static void keeps_count_over_many_executions(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 3 * BUDGET_MAX; i++)
		budget_spend(&actions, i * BUDGET_NS / 2);
	assert_int_equal(budget_left(&actions, (3 * BUDGET_MAX - 1) * (BUDGET_NS / 2)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_on_counting_where_the_last_run_stopped, set_up),
		cmocka_unit_test_setup(drops_the_oldest_finished_action_first, set_up),
		cmocka_unit_test_setup(forgets_a_cancelled_action_with_its_number, set_up),
		cmocka_unit_test_setup(finds_the_unfinished_action_about_a_process, set_up),
		cmocka_unit_test_setup(takes_only_the_steps_of_the_state_machine, set_up),
		cmocka_unit_test_setup(grows_its_version_with_each_change, set_up),
		cmocka_unit_test_setup(counts_each_approver_once, set_up),
		cmocka_unit_test_setup(limits_executions_in_a_sliding_hour, set_up),
		cmocka_unit_test_setup(has_no_budget_where_none_is_configured, set_up),
		cmocka_unit_test_setup(keeps_count_over_many_executions, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
