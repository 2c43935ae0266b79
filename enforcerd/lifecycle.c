/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/lifecycle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/account.h"
#include "common/log.h"
#include "enforcerd/audit_past.h"
#include "enforcerd/execute.h"
#include "enforcerd/judge.h"

/* Fills what the proposal says, and what enforcerd sees itself; only the reason is ruled's word. */
static void describe(struct job *job, const struct frame *frame, const struct gate_process *process)
{
	const struct propose *propose = frame->payload;

	job->proposal = propose->proposal;
	job->type = (enum action_type)propose->type;
	job->signal = propose->signal;
	job->evidence_complete = propose->evidence_complete;
	text_copy(frame_text(frame, 0), job->rule, sizeof(job->rule));
	text_copy(frame_text(frame, 1), job->incident, sizeof(job->incident));
	text_copy(frame_text(frame, 2), job->reason, sizeof(job->reason));
	memcpy(job->comm, process->comm, sizeof(job->comm));
	proc_args(job->target.pid, job->args, sizeof(job->args));
	account_name(job->target.uid, job->user, sizeof(job->user));
}

static int record_proposal(struct core *core, const struct job *job)
{
	struct audit_event event = {.kind = AUDIT_PROPOSED,
		.action = job->id,
		.what = action_type_name(job->type),
		.pid = job->target.pid};

	memcpy(event.comm, job->comm, sizeof(event.comm));
	memcpy(event.rule, job->rule, sizeof(event.rule));
	return core_write(core, event, job->reason);
}

/* Makes the job for a target that has been opened. NULL: it is refused, with why; *target is still
 * the caller's then. */
static struct job *admit(struct core *core, const struct frame *frame, struct target *target,
	const struct gate_process *process, char why[256])
{
	struct job *job = actions_find_target(&core->actions, target);

	if (job) {
		snprintf(why, 256, "action-%" PRIu64 " is already %s", job->id,
			action_status_name(job->status));
		return NULL;
	}
	job = actions_add(&core->actions);
	if (!job) {
		snprintf(why, 256, "too many actions are waiting");
		return NULL;
	}
	job->target = *target;
	describe(job, frame, process);
	judge_job(core, job, true);
	if (judge_failed(job, true, why, 256))
		goto refused;
	snprintf(why, 256, "it could not be watched or written down");
	if (watch_add(&core->targets, target->pidfd, job->id) < 0 || record_proposal(core, job) < 0)
		goto refused;
	return job;
refused:
	job->target.pidfd = -1;
	actions_cancel(&core->actions, job);
	return NULL;
}

struct job *lifecycle_propose(struct core *core, const struct frame *frame, char why[256])
{
	static struct gate_process process; /* large */
	struct target target = {.pidfd = -1};
	const uint64_t ttl_ns = core->config->enforcement.approval_ttl_secs * NSEC_PER_SEC;
	const char *reason = "";
	struct job *job;

	if (target_open(frame->payload, &target, &process, &reason) < 0) {
		snprintf(why, 256, "%s", reason);
		return NULL;
	}
	job = admit(core, frame, &target, &process, why);
	if (!job) {
		target_close(&target);
		return NULL;
	}
	job->proposer = core->proposer;
	job->created_wall_ns = core->ports->wall_ns();
	job->expires_wall_ns = job->created_wall_ns + ttl_ns;
	job->deadline_ns = core->ports->boottime_ns() + ttl_ns;
	return job;
}

/* From here on the action waits for its audit lines, then for its turn. */
static void approved(struct core *core, struct job *job)
{
	job_move(job, STATUS_APPROVED);
	job->approved_ns = core->ports->boottime_ns();
	job->deadline_ns =
		job->approved_ns + core->config->enforcement.execution_ttl_secs * NSEC_PER_SEC;
	job->unlogged++;
}

/*
 * What must hold for an approval without a human, in mode enforce and for a rule of auto_rules. The
 * last is enforcerd's own measurement, as far as it can see what the rule saw: that the tree is
 * growing now. A target that has started nothing in the last ten seconds waits for a human,
 * whatever the rule.
 */
static const char *why_not_auto(const struct job *job, char *text, size_t size)
{
	if (!job->target.strong)
		return "its identity is weak";
	if (!job->evidence_complete)
		return "its evidence is incomplete";
	if (judge_failed(job, false, text, size))
		return text;
	return job->young > 0 ? NULL : "it has started no process in the last 10 s";
}

void lifecycle_consider(struct core *core, struct job *job)
{
	struct audit_event event = {.kind = AUDIT_AUTO_APPROVED, .action = job->id};
	char text[256];
	const char *why;

	if (core->config->mode == MODE_ENFORCE &&
		config_list_has(&core->config->enforcement.auto_rules, job->rule)) {
		why = why_not_auto(job, text, sizeof(text));
		memcpy(event.rule, job->rule, sizeof(event.rule));
		if (!why && (!core->ports->audit_is_ok() || core->ports->audit(&event) < 0))
			why = "the audit cannot be written";
		if (why)
			log_info("action-%" PRIu64 " waits for an approver: %s", job->id, why);
		else
			approved(core, job);
	}
	core->ports->on_job(core, job);
}

void lifecycle_withdraw(struct core *core, uint64_t proposal, const char *why)
{
	struct job *job = actions_find_proposal(&core->actions, core->proposer, proposal);

	if (!job || job_is_finished(job))
		return;
	job->withdrawn = true;
	if (job->status == STATUS_PENDING)
		core_end(core, job, STATUS_WITHDRAWN, why, NULL);
}

static void expire(struct core *core, struct job *job, uint64_t now_ns)
{
	if (job->status == STATUS_PENDING && now_ns >= job->deadline_ns)
		core_end(core, job, STATUS_EXPIRED, "nobody approved it in time", NULL);
}

/* What stands against any decision on @job now. DECISION_OK: nothing. */
static enum decision_result undecidable(struct core *core, struct job *job, char detail[256])
{
	expire(core, job, core->ports->boottime_ns());
	snprintf(detail, 256, "action-%" PRIu64 " is %s", job->id, action_status_name(job->status));
	if (job->status == STATUS_EXPIRED)
		return DECISION_EXPIRED;
	if (job->status != STATUS_PENDING)
		return DECISION_CONFLICT;
	if (core->ports->audit_is_ok())
		return DECISION_OK;
	snprintf(detail, 256, "the audit cannot be written");
	return DECISION_UNAVAILABLE;
}

enum decision_result lifecycle_approve(struct core *core, struct job *job,
	const struct approval *approval, uint32_t approver_pid, const char *reason,
	char detail[256])
{
	const struct audit_event event = {
		.kind = AUDIT_APPROVED, .action = job->id, .by = *approval};
	enum decision_result result = undecidable(core, job, detail);
	int missing;

	if (result != DECISION_OK)
		return result;
	job->approver_given = approver_pid != 0;
	measure_line(approver_pid, &job->approver);
	judge_job(core, job, true);
	if (judge_failed(job, false, detail, 256))
		return DECISION_CONFLICT;
	missing = job_approve(job, approval, core->config->enforcement.approvers_required);
	if (missing < 0) {
		snprintf(detail, 256, "uid %u has approved it already", approval->uid);
		return DECISION_CONFLICT;
	}
	if (core_write(core, event, reason) < 0) {
		job->approval_count--;
		snprintf(detail, 256, "the audit cannot be written");
		return DECISION_UNAVAILABLE;
	}
	if (missing == 0)
		approved(core, job);
	else
		job->unlogged++;
	core->ports->on_job(core, job);
	return DECISION_OK;
}

enum decision_result lifecycle_reject(struct core *core, struct job *job,
	const struct approval *approval, const char *reason, char detail[256])
{
	enum decision_result result = undecidable(core, job, detail);
	struct audit_event event = {.by = *approval};
	char outcome[256];

	/* Saying no needs no audit to be safe. */
	if (result != DECISION_OK && result != DECISION_UNAVAILABLE)
		return result;
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	snprintf(outcome, sizeof(outcome), "rejected by %s", approval->label);
	core_end(core, job, STATUS_REJECTED, outcome, &event);
	return DECISION_OK;
}

static void on_target_exit(uint64_t id, void *ctx)
{
	struct core *core = ctx;
	struct job *job = actions_find(&core->actions, id);

	/* Once approved, the gates find out before anything is sent. */
	if (job && job->status == STATUS_PENDING)
		core_end(core, job, STATUS_WITHDRAWN, "the process has gone", NULL);
}

void lifecycle_tick(struct core *core)
{
	uint64_t now_ns = core->ports->boottime_ns();

	(void)core_held_by(core);
	for (struct job *job = NULL; (job = actions_next(&core->actions, job));) {
		expire(core, job, now_ns);
		if (job->status == STATUS_APPROVED)
			execute_tick(core, job, now_ns);
	}
}

/* What a run that has ended before us left open: it can only be closed. */
static void close_past(struct core *core, const struct audit_past *past)
{
	for (unsigned i = 0; i < past->open_count; i++) {
		const struct audit_open *open = &past->open[i];
		struct audit_event event = {.kind = open->approved ? AUDIT_FAILED : AUDIT_EXPIRED,
			.action = open->action};

		(void)core_write(
			core, event, open->approved ? "interrupted" : "enforcerd was restarted");
	}
}

void lifecycle_resume(struct core *core, const struct audit_past *past)
{
	uint64_t now_ns = core->ports->boottime_ns(), wall_ns = core->ports->wall_ns();
	uint64_t first = past->spent_count - MIN(past->spent_count, (uint64_t)AUDIT_SPENT_MAX);

	actions_init(
		&core->actions, past->last_action, core->config->enforcement.max_actions_per_hour);
	for (uint64_t i = first; i < past->spent_count; i++) {
		uint64_t age_ns = wall_ns - past->spent_wall_ns[i % AUDIT_SPENT_MAX];

		if (age_ns < BUDGET_NS) /* also false for a time to come */
			budget_spend(&core->actions, now_ns - age_ns);
	}
	core->hold.decided = past->held;
	core->hold.since_wall_ns = past->held_wall_ns;
	snprintf(core->hold.by, sizeof(core->hold.by), "%s", past->held_by);
	core->mutes = past->mutes;
	close_past(core, past);
}

int lifecycle_open(struct core *core, struct loop *loop)
{
	return watch_open(&core->targets, loop, on_target_exit, core);
}

void lifecycle_close(struct core *core)
{
	for (struct job *job = NULL; (job = actions_next(&core->actions, job));)
		target_close(&job->target);
	watch_close(&core->targets);
}
