/* SPDX-License-Identifier: AGPL-3.0-only */
/* From a proposal to each of its ends; hours pass in milliseconds. */
#include "enforcerd/lifecycle.h"

#include "enforcerd/execute.h"
#include "enforcerd/judge.h"
#include "world.h"

static char detail[256];

static enum decision_result approve_by(struct job *job, uid_t uid)
{
	struct approval approval = {.kind = PEER_UNIX, .uid = uid, .label = "alice"};

	return lifecycle_approve(&core, job, &approval, 0, "seen", detail);
}

static void durable(const struct job *job, int r)
{
	execute_on_audit(AUDIT_APPROVED, job->id, r, &core);
}

/* An action that act.c has been asked to carry out. */
static struct job *ordered(void)
{
	struct job *job = propose();

	assert_int_equal(approve_by(job, 0), DECISION_OK);
	durable(job, 0);
	assert_int_equal(orders, 1);
	return job;
}

static void shows_what_it_saw_itself(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_int_equal(job->status, STATUS_PENDING);
	assert_int_equal(job->target.pid, child);
	assert_string_equal(job->rule, "storm");
	assert_string_equal(job->incident, "7-1");
	assert_string_equal(job->reason, "too many");
	assert_string_equal(job->user, "root");
	assert_int_equal(job->expires_wall_ns - job->created_wall_ns, 300 * NSEC_PER_SEC);
	assert_written(0, AUDIT_PROPOSED, "too many");
	assert_null(judge_failed(job, false, detail, sizeof(detail)));
}

static void refuses_a_second_action_about_one_process(void **state)
{
	char why[256];

	(void)state;
	(void)propose();
	assert_null(propose_as(2, ACTION_KILL_TREE, why));
	assert_string_equal(why, "action-1 is already pending");
	assert_int_equal(core.actions.last_id, 1);
}

static void refuses_what_can_never_be_approved(void **state)
{
	char why[256];

	(void)state;
	core.policy.users[core.policy.user_count++] = 0;
	assert_null(propose_as(1, ACTION_KILL_PROCESS, why));
	assert_string_equal(why, "not_protected: user 0 is protected");
	assert_int_equal(core.actions.last_id, 0);
	assert_int_equal(written_count, 0);
}

static void refuses_what_cannot_be_written_down(void **state)
{
	char why[256];

	(void)state;
	audit_result = -ENOBUFS;
	assert_null(propose_as(1, ACTION_KILL_PROCESS, why));
	assert_string_equal(why, "it could not be watched or written down");
	audit_result = 0;
	(void)propose(); /* nothing of the first is left */
}

static void expires_when_nobody_approves_in_time(void **state)
{
	struct job *job = propose();

	(void)state;
	pass_seconds(299);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_PENDING);
	pass_seconds(1);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_EXPIRED);
	assert_true(told == 1 && told_status == STATUS_EXPIRED);
	assert_int_equal(job->target.pidfd, -1);
	assert_written(0, AUDIT_EXPIRED, "nobody approved it in time");
	assert_int_equal(approve_by(job, 0), DECISION_EXPIRED);
}

static void expires_before_a_late_approval_counts(void **state)
{
	struct job *job = propose();

	(void)state;
	pass_seconds(300);
	assert_int_equal(approve_by(job, 0), DECISION_EXPIRED);
	assert_int_equal(job->status, STATUS_EXPIRED);
	assert_int_equal(job->approval_count, 0);
}

static void withdraws_for_the_ruled_that_proposed(void **state)
{
	struct job *job = propose();

	(void)state;
	core.proposer = RULED + 1;
	lifecycle_withdraw(&core, 1, "cleared");
	assert_int_equal(job->status, STATUS_PENDING);
	core.proposer = RULED;
	lifecycle_withdraw(&core, 1, "cleared");
	assert_int_equal(job->status, STATUS_WITHDRAWN);
	assert_written(0, AUDIT_WITHDRAWN, "cleared");
	assert_int_equal(approve_by(job, 0), DECISION_CONFLICT);
}

static void sends_nothing_for_what_was_withdrawn_after_its_approval(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	lifecycle_withdraw(&core, 1, "cleared");
	durable(job, 0);
	assert_int_equal(orders, 0);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_string_equal(job->outcome, "condition: the proposal was withdrawn");
}

static void withdraws_when_the_process_ends(void **state)
{
	struct job *job = propose();

	(void)state;
	end_child(child);
	child = 0;
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(job->status, STATUS_WITHDRAWN);
	assert_string_equal(job->outcome, "the process has gone");
}

static void rejects_even_without_an_audit(void **state)
{
	struct approval bob = {.kind = PEER_TCP, .uid = 5, .label = "bob"};
	struct job *job = propose();

	(void)state;
	audit_good = false;
	assert_int_equal(lifecycle_reject(&core, job, &bob, "no", detail), DECISION_OK);
	assert_int_equal(job->status, STATUS_REJECTED);
	assert_string_equal(job->outcome, "rejected by bob");
	assert_written(0, AUDIT_REJECTED, "no");
	assert_int_equal(lifecycle_reject(&core, job, &bob, "no", detail), DECISION_CONFLICT);
	assert_string_equal(detail, "action-1 is rejected");
}

static void approves_nothing_that_cannot_be_written_down(void **state)
{
	struct job *job = propose();

	(void)state;
	audit_good = false;
	assert_int_equal(approve_by(job, 0), DECISION_UNAVAILABLE);
	audit_good = true;
	audit_result = -ENOBUFS;
	assert_int_equal(approve_by(job, 0), DECISION_UNAVAILABLE);
	assert_int_equal(job->approval_count, 0);
	audit_result = 0;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
}

static void waits_for_as_many_different_approvers_as_are_required(void **state)
{
	struct job *job = propose();

	(void)state;
	config.enforcement.approvers_required = 3;
	assert_int_equal(approve_by(job, 10), DECISION_OK);
	assert_int_equal(approve_by(job, 10), DECISION_CONFLICT);
	assert_string_equal(detail, "uid 10 has approved it already");
	assert_int_equal(approve_by(job, 11), DECISION_OK);
	assert_int_equal(approve_by(job, 11), DECISION_CONFLICT);
	assert_int_equal(job->status, STATUS_PENDING);
	assert_int_equal(approve_by(job, 12), DECISION_OK);
	assert_int_equal(job->status, STATUS_APPROVED);
	assert_int_equal(approve_by(job, 13), DECISION_CONFLICT);
	/* Each of the three must be on the disk. */
	durable(job, 0);
	durable(job, 0);
	assert_int_equal(orders, 0);
	durable(job, 0);
	assert_int_equal(orders, 1);
}

static void lets_nobody_end_what_he_runs_in(void **state)
{
	struct approval approval = {.kind = PEER_UNIX, .uid = 0, .label = "x"};
	struct job *job = propose();

	(void)state;
	assert_int_equal(lifecycle_approve(&core, job, &approval, (uint32_t)child, "", detail),
		DECISION_CONFLICT);
	assert_string_equal(detail, "not_approver_ancestry: an ancestor of the approver");
	assert_int_equal(job->status, STATUS_PENDING);
}

static void keeps_to_the_budget_of_an_hour(void **state)
{
	struct job *job = propose();

	(void)state;
	config.enforcement.approval_ttl_secs = 86400;
	job->deadline_ns = UINT64_MAX;
	for (unsigned i = 0; i < config.enforcement.max_actions_per_hour; i++)
		budget_spend(&core.actions, now_ns);
	assert_int_equal(approve_by(job, 0), DECISION_CONFLICT);
	assert_string_equal(detail, "budget: no action is left this hour");
	pass_seconds(3599);
	assert_int_equal(approve_by(job, 0), DECISION_CONFLICT);
	pass_seconds(1);
	assert_int_equal(approve_by(job, 0), DECISION_OK);
}

static void sends_nothing_while_it_is_held(void **state)
{
	struct job *job = propose();
	const char *why;

	(void)state;
	set_hold_file(true);
	assert_int_equal(approve_by(job, 0), DECISION_CONFLICT);
	assert_string_equal(detail, "not_held: held by " HOLD_FILE);
	assert_written(0, AUDIT_HOLD, HOLD_FILE);
	set_hold_file(false);
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	assert_int_equal(told_enforcer, 2);
	set_hold_file(true);
	durable(job, 0);
	assert_int_equal(orders, 0);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_string_equal(job->outcome, "not_held: held by " HOLD_FILE);
	set_hold_file(false);
	job = ordered();
	assert_int_equal(execute_callbacks.may_signal(job->id, &why, &core), 0);
	execute_callbacks.on_signal(job->id, SIGTERM, 1, &core);
	assert_int_equal(execute_callbacks.may_signal(job->id, &why, &core), 0);
	set_hold_file(true);
	assert_int_equal(execute_callbacks.may_signal(job->id, &why, &core), -ECANCELED);
	assert_string_equal(why, "held by " HOLD_FILE);
}

static void waits_for_its_turn_only_so_long(void **state)
{
	struct job *job = propose();

	(void)state;
	act_result = -EBUSY;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	durable(job, 0);
	pass_seconds(59);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_APPROVED);
	act_result = 0;
	pass_seconds(1);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_string_equal(job->outcome, "it was not its turn in time");
	assert_int_equal(orders, 0);
}

static void takes_its_turn_when_there_is_one(void **state)
{
	struct job *job = propose();

	(void)state;
	act_result = -EBUSY;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	durable(job, 0);
	act_result = 0;
	lifecycle_tick(&core);
	lifecycle_tick(&core);
	assert_int_equal(orders, 1);
}

static void sends_nothing_before_the_approval_is_on_the_disk(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	pass_seconds(5);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_APPROVED);
	pass_seconds(1);
	lifecycle_tick(&core);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_string_equal(job->outcome, "its approval was not on the disk in time");
	durable(job, 0);
	assert_int_equal(orders, 0);
}

static void sends_nothing_when_the_approval_is_lost(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_int_equal(approve_by(job, 0), DECISION_OK);
	durable(job, -EIO);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_int_equal(orders, 0);
}

static void spends_once_and_tells_each_signal(void **state)
{
	struct job *job = ordered();
	const struct act_result gone = {.signalled = 1, .after_ns = 12 * NSEC_PER_MSEC};
	uint32_t left = budget_left(&core.actions, now_ns);

	(void)state;
	execute_callbacks.on_signal(job->id, SIGTERM, 1, &core);
	assert_int_equal(job->status, STATUS_EXECUTING);
	assert_string_equal(written[written_count - 1].signal, "TERM");
	execute_callbacks.on_signal(job->id, SIGKILL, 1, &core);
	assert_string_equal(written[written_count - 1].signal, "KILL");
	assert_int_equal(budget_left(&core.actions, now_ns), left - 1);
	execute_callbacks.on_done(job->id, &gone, &core);
	assert_int_equal(job->status, STATUS_EXECUTED);
	assert_string_equal(job->outcome, "exited after 12 ms");
	assert_int_equal(written[written_count - 1].kind, AUDIT_OUTCOME);
	lifecycle_tick(&core);
	assert_int_equal(orders, 1);
}

static void says_what_is_left_and_what_would_end_it(void **state)
{
	struct job *job = ordered();
	const struct act_result left = {
		.error = -EAGAIN, .why = "the tree keeps escaping", .left = 3};

	(void)state;
	execute_callbacks.on_signal(job->id, SIGKILL, 1, &core);
	strcpy(job->target.cgroups, "5:pids:/p\n4:memory:/m\n0::/\n");
	execute_callbacks.on_done(job->id, &left, &core);
	assert_int_equal(job->status, STATUS_FAILED);
	assert_string_equal(job->outcome,
		"the tree keeps escaping; 3 left, which ending its cgroup would end: /p");
}

/* Until the next whole judgement: a member found late is not forgotten by a look at the target. */
static void remembers_a_member_that_must_not_be_signalled(void **state)
{
	static struct gate_process member = {.known = true, .pid = 4000, .uid = 900};
	struct job *job = ordered();
	const char *why;

	(void)state;
	assert_false(execute_callbacks.may_join(job->id, &member, &core));
	assert_int_equal(execute_callbacks.may_signal(job->id, &why, &core), -ECANCELED);
	assert_string_equal(why, "not_suite: member 4000 (): runs as a user of this suite");
	judge_job(&core, job, true);
	assert_null(judge_failed(job, false, detail, sizeof(detail)));
}

static void closes_at_a_restart_what_was_open(void **state)
{
	static struct audit_past past = {.last_action = 9,
		.open_count = 2,
		.open = {{.action = 7, .approved = true, .executed = true}, {.action = 8}},
		.held = true,
		.held_by = "alice",
		.held_wall_ns = 5,
		.mutes = {.places = {{.kind = MUTE_RULE, .until_wall_ns = 7, .what = "storm"}}}};
	struct job *job;

	(void)state;
	past.spent_count = 3;
	past.spent_wall_ns[0] = wall_ns - 7200 * NSEC_PER_SEC;
	past.spent_wall_ns[1] = wall_ns - 3000 * NSEC_PER_SEC;
	past.spent_wall_ns[2] = wall_ns - 60 * NSEC_PER_SEC;
	resume_after(&past);
	assert_int_equal(written_count, 2);
	assert_written(1, AUDIT_FAILED, "interrupted");
	assert_int_equal(written[0].action, 7);
	assert_written(0, AUDIT_EXPIRED, "enforcerd was restarted");
	assert_int_equal(written[1].action, 8);
	assert_int_equal(orders, 0);
	assert_string_equal(core_held_by(&core), "alice");
	assert_non_null(mutes_next(&core.mutes, NULL, 6));
	assert_int_equal(
		budget_left(&core.actions, now_ns), config.enforcement.max_actions_per_hour - 2);
	pass_seconds(600);
	assert_int_equal(
		budget_left(&core.actions, now_ns), config.enforcement.max_actions_per_hour - 1);
	job = propose();
	assert_int_equal(job->id, 10);
}

/* A root with one young child, proposed as a tree and considered. */
static struct job *consider_a_growing_tree(void)
{
	char why[256];
	struct job *job;
	int ready[2];
	char byte;

	end_child(child);
	assert_int_equal(pipe(ready), 0);
	child = fork_as(0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)sleeper_as(0);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	now_ns = clock_boottime_ns();
	job = propose_as(1, ACTION_KILL_TREE, why);
	assert_non_null(job);
	return job;
}

static void approves_by_itself_only_what_is_listed_proven_and_growing(void **state)
{
	struct job *job = consider_a_growing_tree();

	(void)state;
	if (!job->target.strong)
		skip();
	assert_int_equal(job->tree_size, 2);
	lifecycle_consider(&core, job);
	assert_int_equal(job->status, STATUS_PENDING); /* monitor */
	config.mode = MODE_ENFORCE;
	lifecycle_consider(&core, job);
	assert_int_equal(job->status, STATUS_PENDING); /* not listed */
	assert_int_equal(config_list_add(&config.enforcement.auto_rules, "storm"), 0);
	job->target.strong = false;
	lifecycle_consider(&core, job);
	job->target.strong = true;
	job->evidence_complete = false;
	lifecycle_consider(&core, job);
	job->evidence_complete = true;
	job->young = 0;
	lifecycle_consider(&core, job);
	job->young = 1;
	audit_good = false;
	lifecycle_consider(&core, job);
	audit_good = true;
	assert_int_equal(job->status, STATUS_PENDING);
	lifecycle_consider(&core, job);
	assert_int_equal(job->status, STATUS_APPROVED);
	assert_int_equal(written[written_count - 1].kind, AUDIT_AUTO_APPROVED);
	execute_on_audit(AUDIT_AUTO_APPROVED, job->id, 0, &core);
	assert_int_equal(orders, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)
	const struct CMUnitTest tests[] = {
		TEST(shows_what_it_saw_itself),
		TEST(refuses_a_second_action_about_one_process),
		TEST(refuses_what_can_never_be_approved),
		TEST(refuses_what_cannot_be_written_down),
		TEST(expires_when_nobody_approves_in_time),
		TEST(expires_before_a_late_approval_counts),
		TEST(withdraws_for_the_ruled_that_proposed),
		TEST(sends_nothing_for_what_was_withdrawn_after_its_approval),
		TEST(withdraws_when_the_process_ends),
		TEST(rejects_even_without_an_audit),
		TEST(approves_nothing_that_cannot_be_written_down),
		TEST(waits_for_as_many_different_approvers_as_are_required),
		TEST(lets_nobody_end_what_he_runs_in),
		TEST(keeps_to_the_budget_of_an_hour),
		TEST(sends_nothing_while_it_is_held),
		TEST(waits_for_its_turn_only_so_long),
		TEST(takes_its_turn_when_there_is_one),
		TEST(sends_nothing_before_the_approval_is_on_the_disk),
		TEST(sends_nothing_when_the_approval_is_lost),
		TEST(spends_once_and_tells_each_signal),
		TEST(says_what_is_left_and_what_would_end_it),
		TEST(remembers_a_member_that_must_not_be_signalled),
		TEST(closes_at_a_restart_what_was_open),
		TEST(approves_by_itself_only_what_is_listed_proven_and_growing),
	};
#undef TEST

	if (geteuid() != 0 || !enter_namespace()) {
		printf("1..0 # SKIP needs root and a pid namespace\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
