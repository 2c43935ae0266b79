/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/execute.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "enforcerd/judge.h"

#define DURABLE_NS (5 * NSEC_PER_SEC) /* an approval that is not on the disk by then fails */

static void fail(struct core *core, struct job *job, const char *why)
{
	core_end(core, job, STATUS_FAILED, why, NULL);
}

/* Starts the act if it can be now; the tick tries again if it cannot. */
static void start(struct core *core, struct job *job)
{
	const struct act_order order = {.action = job->id,
		.type = job->type,
		.signal = job->signal,
		.grace_secs = core->config->enforcement.term_grace_secs,
		.target = &job->target};
	char why[256];
	int r;

	judge_job(core, job, false);
	if (judge_failed(job, false, why, sizeof(why))) {
		fail(core, job, why);
		return;
	}
	r = core->ports->act(&order);
	if (r == 0)
		job->started = true;
	else if (r != -EBUSY)
		fail(core, job, "its process could not be held");
}

void execute_on_audit(enum audit_kind kind, uint64_t action, int r, void *ctx)
{
	struct core *core = ctx;
	struct job *job = actions_find(&core->actions, action);

	if (!job || job->unlogged == 0 || (kind != AUDIT_APPROVED && kind != AUDIT_AUTO_APPROVED))
		return;
	if (r == 0)
		job->unlogged--; /* stays above zero for ever after a line that was lost */
	if (job->status != STATUS_APPROVED || job->started)
		return;
	if (r < 0)
		fail(core, job, "its approval could not be written to the audit file");
	else if (job->unlogged == 0)
		start(core, job);
}

void execute_tick(struct core *core, struct job *job, uint64_t now_ns)
{
	if (job->started)
		return;
	if (now_ns >= job->deadline_ns)
		fail(core, job, "it was not its turn in time");
	else if (job->unlogged > 0 && now_ns - job->approved_ns > DURABLE_NS)
		fail(core, job, "its approval was not on the disk in time");
	else if (job->unlogged == 0)
		start(core, job);
}

/* Before the first signal everything is judged once more; later only the kill switch can stop it.
 */
static int may_signal(uint64_t action, const char **why, void *ctx)
{
	static char reason[256];
	struct core *core = ctx;
	struct job *job = actions_find(&core->actions, action);

	*why = reason;
	if (job->status == STATUS_EXECUTING) {
		const char *holder = core_held_by(core);

		snprintf(reason, sizeof(reason), "held by %s", holder ? holder : "");
		return holder ? -ECANCELED : 0;
	}
	judge_again(core, job);
	return judge_failed(job, false, reason, sizeof(reason)) ? -ECANCELED : 0;
}

static bool may_join(uint64_t action, const struct gate_process *process, void *ctx)
{
	struct core *core = ctx;

	return judge_member(core, actions_find(&core->actions, action), process);
}

static void on_signal(uint64_t action, int signal, unsigned members, void *ctx)
{
	struct core *core = ctx;
	struct job *job = actions_find(&core->actions, action);
	struct audit_event event = {.kind = AUDIT_EXECUTED,
		.action = action,
		.pid = job->target.pid,
		.signal = signal == SIGTERM ? "TERM" : "KILL"};

	event.members = job->type == ACTION_KILL_TREE ? members : 0;
	(void)!core->ports->audit(&event);
	if (job->status != STATUS_APPROVED)
		return;
	budget_spend(&core->actions, core->ports->boottime_ns());
	job->executed_wall_ns = core->ports->wall_ns();
	job_move(job, STATUS_EXECUTING);
	core->ports->on_job(core, job);
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
	struct core *core = ctx;
	struct job *job = actions_find(&core->actions, action);
	uint64_t after_ms = result->after_ns / NSEC_PER_MSEC;
	struct audit_event event = {.what = "exited", .after_known = true, .after_ms = after_ms};
	char outcome[256];

	if (result->error < 0) {
		describe_failure(job, result, outcome, sizeof(outcome));
		fail(core, job, outcome);
		return;
	}
	if (job->type == ACTION_KILL_TREE) {
		event.members = result->signalled;
		snprintf(outcome, sizeof(outcome), "%u processes exited after %" PRIu64 " ms",
			result->signalled, after_ms);
	} else {
		snprintf(outcome, sizeof(outcome), "exited after %" PRIu64 " ms", after_ms);
	}
	core_end(core, job, STATUS_EXECUTED, outcome, &event);
}

const struct act_callbacks execute_callbacks = {
	.may_signal = may_signal,
	.may_join = may_join,
	.on_signal = on_signal,
	.on_done = on_done,
};
