/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/execute.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "enforcerd/act.h"
#include "enforcerd/audit.h"
#include "enforcerd/judge.h"
#include "enforcerd/lifecycle.h"

#define DURABLE_NS (5 * NSEC_PER_SEC) /* an approval that is not on the disk by then fails */

static void fail(struct enforcerd *e, struct job *job, const char *why)
{
	lifecycle_end(e, job, STATUS_FAILED, why, NULL);
}

/* Starts the act if it can be now; the tick tries again if it cannot. */
static void start(struct enforcerd *e, struct job *job)
{
	const struct act_order order = {.action = job->id,
		.type = job->type,
		.signal = job->signal,
		.grace_secs = e->config->enforcement.term_grace_secs,
		.target = &job->target};
	char why[256];
	int r;

	judge_job(e, job, false);
	if (judge_failed(job, false, why, sizeof(why))) {
		fail(e, job, why);
		return;
	}
	r = act_start(&order);
	if (r == 0)
		job->started = true;
	else if (r != -EBUSY)
		fail(e, job, "its process could not be held");
}

void execute_on_audit(enum audit_kind kind, uint64_t action, int r, void *ctx)
{
	struct enforcerd *e = ctx;
	struct job *job = actions_find(&e->actions, action);

	if (!job || job->unlogged == 0 || (kind != AUDIT_APPROVED && kind != AUDIT_AUTO_APPROVED))
		return;
	if (r == 0)
		job->unlogged--; /* stays above zero for ever after a line that was lost */
	if (job->status != STATUS_APPROVED || job->started)
		return;
	if (r < 0)
		fail(e, job, "its approval could not be written to the audit file");
	else if (job->unlogged == 0)
		start(e, job);
}

void execute_tick(struct enforcerd *e, struct job *job, uint64_t now_ns)
{
	if (job->started)
		return;
	if (now_ns >= job->deadline_ns)
		fail(e, job, "it was not its turn in time");
	else if (job->unlogged > 0 && now_ns - job->approved_ns > DURABLE_NS)
		fail(e, job, "its approval was not on the disk in time");
	else if (job->unlogged == 0)
		start(e, job);
}

/* Before the first signal everything is judged once more; later only the kill switch can stop it.
 */
static int may_signal(uint64_t action, const char **why, void *ctx)
{
	static char reason[256];
	struct enforcerd *e = ctx;
	struct job *job = actions_find(&e->actions, action);
	static struct gate_process process; /* large */
	struct gate_facts facts = {.wanted = !job->withdrawn,
		.budget_left = budget_left(&e->actions, clock_boottime_ns())};

	*why = reason;
	if (lifecycle_is_held(e))
		facts.held_by = hold_by(&e->hold);
	if (job->status == STATUS_EXECUTING) {
		snprintf(reason, sizeof(reason), "held by %s", facts.held_by ? facts.held_by : "");
		return facts.held_by ? -ECANCELED : 0;
	}
	target_measure(&job->target, &process, &facts);
	(void)judge_member(e, job, &process);
	gates_judge_action(&facts, &job->gates);
	return judge_failed(job, false, reason, sizeof(reason)) ? -ECANCELED : 0;
}

static bool may_join(uint64_t action, const struct gate_process *process, void *ctx)
{
	struct enforcerd *e = ctx;

	return judge_member(e, actions_find(&e->actions, action), process);
}

static void on_signal(uint64_t action, int signal, unsigned members, void *ctx)
{
	struct enforcerd *e = ctx;
	struct job *job = actions_find(&e->actions, action);
	struct audit_event event = {.kind = AUDIT_EXECUTED,
		.action = action,
		.pid = job->target.pid,
		.signal = signal == SIGTERM ? "TERM" : "KILL"};

	event.members = job->type == ACTION_KILL_TREE ? members : 0;
	(void)!audit_write(&event);
	if (job->status != STATUS_APPROVED)
		return;
	budget_spend(&e->actions, clock_boottime_ns());
	job->executed_wall_ns = clock_wall_ns();
	job_move(job, STATUS_EXECUTING);
	lifecycle_publish(e, job);
}

static void describe_failure(
	const struct job *job, const struct act_result *result, char *text, size_t size)
{
	char reason[256], cgroup[256];

	/* Refused by a gate: the gate knows better. */
	if (result->error == -EPERM && judge_failed(job, true, reason, sizeof(reason)))
		snprintf(text, size, "%s", reason);
	else if (result->left > 0 && job->status == STATUS_EXECUTING)
		snprintf(text, size, "%s; %u left, which ending its cgroup would end: %.150s",
			result->why, result->left,
			text_copy(proc_cgroup_shown(job->target.cgroups), cgroup, sizeof(cgroup)));
	else
		snprintf(text, size, "%s", result->why);
}

static void on_done(uint64_t action, const struct act_result *result, void *ctx)
{
	struct enforcerd *e = ctx;
	struct job *job = actions_find(&e->actions, action);
	uint64_t after_ms = result->after_ns / NSEC_PER_MSEC;
	struct audit_event event = {
		.kind = AUDIT_OUTCOME, .what = "exited", .after_known = true, .after_ms = after_ms};
	char outcome[256];

	if (result->error < 0) {
		describe_failure(job, result, outcome, sizeof(outcome));
		fail(e, job, outcome);
		return;
	}
	if (job->type == ACTION_KILL_TREE) {
		event.members = result->signalled;
		snprintf(outcome, sizeof(outcome), "%u processes exited after %" PRIu64 " ms",
			result->signalled, after_ms);
	} else {
		snprintf(outcome, sizeof(outcome), "exited after %" PRIu64 " ms", after_ms);
	}
	lifecycle_end(e, job, STATUS_EXECUTED, outcome, &event);
}

int execute_open(struct enforcerd *e)
{
	static const struct act_callbacks callbacks = {
		.may_signal = may_signal,
		.may_join = may_join,
		.on_signal = on_signal,
		.on_done = on_done,
	};

	return act_init(e->loop, &callbacks, e);
}

void execute_close(void)
{
	act_done();
}
