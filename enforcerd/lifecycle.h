/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Leads each action from its proposal to its end: measures, asks the gates, has every step written
 * down, starts the act. Whether somebody may approve is decided before this is called.
 */
#pragma once

#include "enforcerd/enforcer.h"

struct audit_event;
struct audit_past;

/* Before the sandbox. 0 or -errno. */
must_check int lifecycle_open(struct enforcerd *e);
/* After audit_start(): takes over what @past tells: numbers, hold, budget; closes what was under
 * way. */
void lifecycle_resume(struct enforcerd *e, const struct audit_past *past);
void lifecycle_close(struct enforcerd *e);

/*
 * trust: ruled's word on which process to end and why. A new pending action, or NULL with why not
 * in @why (escaped text).
 */
struct job *lifecycle_propose(struct enforcerd *e, const struct frame *frame, char why[256]);

/* After the proposer has heard of @job: shows it, and in mode enforce approves it if everything
 * strict holds. */
void lifecycle_consider(struct enforcerd *e, struct job *job);

void lifecycle_withdraw(struct enforcerd *e, uint64_t proposal, const char *why);

/*
 * An approver's decision on an action, @approver_pid 0 if the process is not known. Returns what to
 * answer, with the reason in
 * @detail unless DECISION_OK.
 */
enum decision_result lifecycle_approve(struct enforcerd *e, struct job *job,
	const struct approval *approval, uint32_t approver_pid, const char *reason,
	char detail[256]);
enum decision_result lifecycle_reject(struct enforcerd *e, struct job *job,
	const struct approval *approval, const char *reason, char detail[256]);

/* The part of an audit line that tells who. */
void lifecycle_sign(struct audit_event *event, const struct approval *approval);

/* Shows @job's new state to both neighbours. */
void lifecycle_publish(struct enforcerd *e, const struct job *job);

/*
 * The last state of @job: written down, shown, its target let go. @event: the audit line, or NULL
 * for the usual one of @status with @outcome as the reason.
 */
void lifecycle_end(struct enforcerd *e, struct job *job, enum action_status status,
	const char *outcome, struct audit_event *event);

/* Each second: terms, retries. */
void lifecycle_tick(struct enforcerd *e);

/* True while the kill switch is on; looks at the file first. */
bool lifecycle_is_held(struct enforcerd *e);
