/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/lifecycle.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/account.h"
#include "common/clock.h"
#include "common/log.h"
#include "enforcerd/audit.h"
#include "enforcerd/decisions_link.h"
#include "enforcerd/execute.h"
#include "enforcerd/judge.h"
#include "enforcerd/proposals_link.h"

void lifecycle_publish(struct enforcerd *e, const struct job *job)
{
	proposals_publish(e, job);
	decisions_publish(e, job);
}

void lifecycle_end(struct enforcerd *e, struct job *job, enum action_status status,
	const char *outcome, struct audit_event *event)
{
	struct audit_event plain = {0};

	if (!event) {
		event = &plain;
		event->kind = status == STATUS_EXPIRED	   ? AUDIT_EXPIRED
			      : status == STATUS_WITHDRAWN ? AUDIT_WITHDRAWN
							   : AUDIT_FAILED;
		snprintf(event->reason, sizeof(event->reason), "%s", outcome);
	}
	event->action = job->id;
	(void)!audit_write(event); /* a lost line is told by audit.c; the state must go on */
	snprintf(job->outcome, sizeof(job->outcome), "%s", outcome);
	job_move(job, status);
	watch_remove(&e->targets, job->target.pidfd);
	target_close(&job->target);
	lifecycle_publish(e, job);
}

bool lifecycle_is_held(struct enforcerd *e)
{
	if (hold_look(&e->hold, clock_wall_ns())) {
		struct audit_event event = {
			.kind = e->hold.file ? AUDIT_HOLD : AUDIT_RESUME, .reason = HOLD_FILE};

		(void)!audit_write(&event);
		decisions_publish_enforcer(e);
	}
	return hold_by(&e->hold) != NULL;
}

void lifecycle_sign(struct audit_event *event, const struct approval *approval)
{
	snprintf(event->label, sizeof(event->label), "%s", approval->label);
	snprintf(event->user, sizeof(event->user), "%s", approval->user);
	event->uid = approval->uid;
	event->uid_known = true;
	event->via = approval->kind == PEER_TCP ? "tcp" : "unix";
}

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

static int record_proposal(const struct job *job)
{
	struct audit_event event = {
		.kind = AUDIT_PROPOSED, .action = job->id, .pid = job->target.pid};

	snprintf(event.what, sizeof(event.what), "%s", action_type_name(job->type));
	memcpy(event.comm, job->comm, sizeof(event.comm));
	snprintf(event.rule, sizeof(event.rule), "%s", job->rule);
	snprintf(event.reason, sizeof(event.reason), "%s", job->reason);
	return audit_write(&event);
}

/* Makes the job for a target that has been opened. NULL: it is refused, with why; *target is still
 * the caller's then. */
static struct job *admit(struct enforcerd *e, const struct frame *frame, struct target *target,
	const struct gate_process *process, char why[256])
{
	struct job *job = actions_find_target(&e->actions, target);

	if (job) {
		snprintf(why, 256, "action-%" PRIu64 " is already %s", job->id,
			action_status_name(job->status));
		return NULL;
	}
	job = actions_add(&e->actions);
	if (!job) {
		snprintf(why, 256, "too many actions are waiting");
		return NULL;
	}
	job->target = *target;
	describe(job, frame, process);
	judge_job(e, job, true);
	if (judge_failed(job, true, why, 256))
		goto refused;
	snprintf(why, 256, "it could not be watched or written down");
	if (watch_add(&e->targets, target->pidfd, job->id) < 0 || record_proposal(job) < 0)
		goto refused;
	return job;
refused:
	job->target.pidfd = -1;
	actions_cancel(&e->actions, job);
	return NULL;
}

struct job *lifecycle_propose(struct enforcerd *e, const struct frame *frame, char why[256])
{
	static struct gate_process process; /* large */
	struct target target = {.pidfd = -1};
	const uint64_t ttl_ns = e->config->enforcement.approval_ttl_secs * NSEC_PER_SEC;
	const char *reason = "";
	struct job *job;

	if (target_open(frame->payload, &target, &process, &reason) < 0) {
		snprintf(why, 256, "%s", reason);
		return NULL;
	}
	job = admit(e, frame, &target, &process, why);
	if (!job) {
		target_close(&target);
		return NULL;
	}
	job->proposer = e->proposer;
	job->created_wall_ns = clock_wall_ns();
	job->expires_wall_ns = job->created_wall_ns + ttl_ns;
	job->deadline_ns = clock_boottime_ns() + ttl_ns;
	return job;
}

/* From here on the action waits for its audit lines, then for its turn. */
static void approved(struct enforcerd *e, struct job *job)
{
	job_move(job, STATUS_APPROVED);
	job->approved_ns = clock_boottime_ns();
	job->deadline_ns =
		job->approved_ns + e->config->enforcement.execution_ttl_secs * NSEC_PER_SEC;
	job->unlogged++;
}

static bool is_auto_rule(const struct config *config, const char *rule)
{
	for (unsigned i = 0; i < config->enforcement.auto_rules.count; i++)
		if (strcmp(config->enforcement.auto_rules.items[i], rule) == 0)
			return true;
	return false;
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

void lifecycle_consider(struct enforcerd *e, struct job *job)
{
	struct audit_event event = {.kind = AUDIT_AUTO_APPROVED, .action = job->id};
	char text[256];
	const char *why;

	if (e->config->mode == MODE_ENFORCE && is_auto_rule(e->config, job->rule)) {
		why = why_not_auto(job, text, sizeof(text));
		snprintf(event.rule, sizeof(event.rule), "%s", job->rule);
		if (!why && (!audit_is_ok() || audit_write(&event) < 0))
			why = "the audit cannot be written";
		if (why)
			log_info("action-%" PRIu64 " waits for an approver: %s", job->id, why);
		else
			approved(e, job);
	}
	lifecycle_publish(e, job);
}

void lifecycle_withdraw(struct enforcerd *e, uint64_t proposal, const char *why)
{
	struct job *job = actions_find_proposal(&e->actions, e->proposer, proposal);

	if (!job || job_is_finished(job))
		return;
	job->withdrawn = true;
	if (job->status == STATUS_PENDING)
		lifecycle_end(e, job, STATUS_WITHDRAWN, why, NULL);
}

/* What stands against any decision on @job now. DECISION_OK: nothing. */
static enum decision_result undecidable(struct enforcerd *e, struct job *job, char detail[256])
{
	if (job->status == STATUS_PENDING && clock_boottime_ns() >= job->deadline_ns)
		lifecycle_end(e, job, STATUS_EXPIRED, "nobody approved it in time", NULL);
	snprintf(detail, 256, "action-%" PRIu64 " is %s", job->id, action_status_name(job->status));
	if (job->status == STATUS_EXPIRED)
		return DECISION_EXPIRED;
	if (job->status != STATUS_PENDING)
		return DECISION_CONFLICT;
	if (audit_is_ok())
		return DECISION_OK;
	snprintf(detail, 256, "the audit cannot be written");
	return DECISION_UNAVAILABLE;
}

/* Writes the decision down; on failure nothing has been decided. */
static int record_decision(const struct job *job, enum audit_kind kind,
	const struct approval *approval, const char *reason)
{
	struct audit_event event = {.kind = kind, .action = job->id};

	lifecycle_sign(&event, approval);
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	return audit_write(&event);
}

enum decision_result lifecycle_approve(struct enforcerd *e, struct job *job,
	const struct approval *approval, uint32_t approver_pid, const char *reason,
	char detail[256])
{
	enum decision_result result = undecidable(e, job, detail);
	int missing;

	if (result != DECISION_OK)
		return result;
	job->approver_given = approver_pid != 0;
	measure_line(approver_pid, &job->approver);
	judge_job(e, job, true);
	if (judge_failed(job, false, detail, 256))
		return DECISION_CONFLICT;
	missing = job_approve(job, approval, e->config->enforcement.approvers_required);
	if (missing < 0) {
		snprintf(detail, 256, "uid %u has approved it already", approval->uid);
		return DECISION_CONFLICT;
	}
	if (record_decision(job, AUDIT_APPROVED, approval, reason) < 0) {
		job->approval_count--;
		snprintf(detail, 256, "the audit cannot be written");
		return DECISION_UNAVAILABLE;
	}
	if (missing == 0)
		approved(e, job);
	else
		job->unlogged++;
	lifecycle_publish(e, job);
	return DECISION_OK;
}

enum decision_result lifecycle_reject(struct enforcerd *e, struct job *job,
	const struct approval *approval, const char *reason, char detail[256])
{
	enum decision_result result = undecidable(e, job, detail);
	struct audit_event event = {.kind = AUDIT_REJECTED};
	char outcome[256];

	/* Saying no needs no audit to be safe. */
	if (result != DECISION_OK && result != DECISION_UNAVAILABLE)
		return result;
	lifecycle_sign(&event, approval);
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	snprintf(outcome, sizeof(outcome), "rejected by %s", approval->label);
	lifecycle_end(e, job, STATUS_REJECTED, outcome, &event);
	return DECISION_OK;
}

static void on_target_exit(uint64_t id, void *ctx)
{
	struct enforcerd *e = ctx;
	struct job *job = actions_find(&e->actions, id);

	/* Once approved, the gates find out before anything is sent. */
	if (job && job->status == STATUS_PENDING)
		lifecycle_end(e, job, STATUS_WITHDRAWN, "the process has gone", NULL);
}

void lifecycle_tick(struct enforcerd *e)
{
	uint64_t now_ns = clock_boottime_ns();

	(void)lifecycle_is_held(e);
	if (!audit_is_ok())
		audit_probe();
	for (size_t i = 0; i < ACTIONS_MAX; i++) {
		struct job *job = &e->actions.places[i];

		if (job->id == 0)
			continue;
		if (job->status == STATUS_PENDING && now_ns >= job->deadline_ns)
			lifecycle_end(e, job, STATUS_EXPIRED, "nobody approved it in time", NULL);
		else if (job->status == STATUS_APPROVED)
			execute_tick(e, job, now_ns);
	}
}

/* What a run that has ended before us left open: it can only be closed. */
static void close_past(const struct audit_past *past)
{
	for (unsigned i = 0; i < past->open_count; i++) {
		const struct audit_open *open = &past->open[i];
		struct audit_event event = {.kind = open->approved ? AUDIT_FAILED : AUDIT_EXPIRED,
			.action = open->action};

		snprintf(event.reason, sizeof(event.reason), "%s",
			open->approved ? "interrupted" : "enforcerd was restarted");
		(void)!audit_write(&event);
	}
}

void lifecycle_resume(struct enforcerd *e, const struct audit_past *past)
{
	uint64_t now_ns = clock_boottime_ns(), wall_ns = clock_wall_ns();
	uint64_t first = past->spent_count - MIN(past->spent_count, (uint64_t)AUDIT_SPENT_MAX);

	actions_init(&e->actions, past->last_action, e->config->enforcement.max_actions_per_hour);
	for (uint64_t i = first; i < past->spent_count; i++) {
		uint64_t age_ns = wall_ns - past->spent_wall_ns[i % AUDIT_SPENT_MAX];

		if (age_ns < BUDGET_NS) /* also false for a time to come */
			budget_spend(&e->actions, now_ns - age_ns);
	}
	e->hold.decided = past->held;
	e->hold.since_wall_ns = past->held_wall_ns;
	snprintf(e->hold.by, sizeof(e->hold.by), "%s", past->held_by);
	close_past(past);
}

int lifecycle_open(struct enforcerd *e)
{
	return watch_open(&e->targets, e->loop, on_target_exit, e);
}

void lifecycle_close(struct enforcerd *e)
{
	for (size_t i = 0; i < ACTIONS_MAX; i++)
		if (e->actions.places[i].id != 0)
			target_close(&e->actions.places[i].target);
	watch_close(&e->targets);
}
