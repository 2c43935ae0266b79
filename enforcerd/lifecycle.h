/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Leads each action from its proposal to its end: measures, asks the gates, has every step written
 * down, starts the act. Whether somebody may approve is decided before this is called.
 */
#pragma once

#include "enforcerd/core.h"

struct audit_past;

/* Before the sandbox. 0 or -errno. */
must_check int lifecycle_open(struct core *core, struct loop *loop);
/* Once lines can be written: takes over what @past tells: numbers, hold, budget; closes what was
 * under way. */
void lifecycle_resume(struct core *core, const struct audit_past *past);
void lifecycle_close(struct core *core);

/*
 * trust: ruled's word on which process to end and why. A new pending action, or NULL with why not
 * in @why (escaped text).
 */
struct job *lifecycle_propose(struct core *core, const struct frame *frame, char why[256]);

/* After the proposer has heard of @job: shows it, and in mode enforce approves it if everything
 * strict holds. */
void lifecycle_consider(struct core *core, struct job *job);

void lifecycle_withdraw(struct core *core, uint64_t proposal, const char *why);

/*
 * An approver's decision on an action, @approver_pid 0 if the process is not known. Returns what to
 * answer, with the reason in @detail unless DECISION_OK.
 */
enum decision_result lifecycle_approve(struct core *core, struct job *job,
	const struct approval *approval, uint32_t approver_pid, const char *reason,
	char detail[256]);
enum decision_result lifecycle_reject(struct core *core, struct job *job,
	const struct approval *approval, const char *reason, char detail[256]);

/* Each second: terms, retries. */
void lifecycle_tick(struct core *core);
