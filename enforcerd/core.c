/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/core.h"

#include <stdio.h>

int core_write(struct core *core, struct audit_event event, const char *reason)
{
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	return core->ports->audit(&event);
}

const char *core_held_by(struct core *core)
{
	if (hold_look(&core->hold, core->ports->wall_ns())) {
		enum audit_kind kind = core->hold.file ? AUDIT_HOLD : AUDIT_RESUME;

		(void)core_write(core, (struct audit_event){.kind = kind}, HOLD_FILE);
		core->ports->on_enforcer(core);
	}
	return hold_by(&core->hold);
}

void core_end(struct core *core, struct job *job, enum action_status status, const char *outcome,
	struct audit_event *event)
{
	static const enum audit_kind kinds[STATUS_COUNT] = {
		[STATUS_EXECUTED] = AUDIT_OUTCOME,
		[STATUS_FAILED] = AUDIT_FAILED,
		[STATUS_REJECTED] = AUDIT_REJECTED,
		[STATUS_EXPIRED] = AUDIT_EXPIRED,
		[STATUS_WITHDRAWN] = AUDIT_WITHDRAWN,
	};
	struct audit_event plain = {0};

	if (!event) {
		event = &plain;
		snprintf(event->reason, sizeof(event->reason), "%s", outcome);
	}
	event->kind = kinds[status];
	event->action = job->id;
	(void)!core->ports->audit(event); /* a lost line is told by audit.c; the state must go on */
	snprintf(job->outcome, sizeof(job->outcome), "%s", outcome);
	job_move(job, status);
	watch_remove(&core->targets, job->target.pidfd);
	target_close(&job->target);
	core->ports->on_job(core, job);
}
