/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What enforcerd decides with, and the few steps all deciding takes: asking the kill switch, ending
 * an action. Knows no link, no clock and no thread: they come as ports, and tests bring their own.
 */
#pragma once

#include "common/config.h"
#include "enforcerd/act.h"
#include "enforcerd/actions.h"
#include "enforcerd/audit_line.h"
#include "enforcerd/claims.h"
#include "enforcerd/hold.h"
#include "enforcerd/mutes.h"
#include "enforcerd/refusals.h"
#include "enforcerd/watch.h"

struct core;

struct core_ports {
	uint64_t (*boottime_ns)(void), (*wall_ns)(void);
	int (*audit)(const struct audit_event *event); /* as audit_write() */
	bool (*audit_is_ok)(void);
	int (*act)(const struct act_order *order); /* as act_start() */
	/* An action, or hold and audit, are no longer as they were: the neighbours are to know. */
	void (*on_job)(struct core *core, const struct job *job);
	void (*on_enforcer)(struct core *core);
	void (*on_mute)(struct core *core, const struct muting *muting); /* ruled is to know */
};

enum { SUITE_SELF, SUITE_RULED, SUITE_APID };

struct core {
	const struct core_ports *ports;
	const struct config *config;
	uint64_t proposer;		       /* start time of the ruled that is connected */
	uint32_t suite_pids[GATE_SUITE_LINES]; /* SUITE_…; of neighbours, 0: not connected */
	struct actions actions;
	struct claims claims;
	struct refusals refusals;
	struct hold hold;
	struct mutes mutes;
	struct gate_policy policy;
	struct gate_context context; /* of the action judged last, and when that was */
	uint64_t context_of, context_ns;
	struct watch targets;
};

/* core->ports->audit() with @reason. */
int core_write(struct core *core, struct audit_event event, const char *reason);

/* Who holds, or NULL; looks at the file first. */
const char *core_held_by(struct core *core);

/*
 * The last state of @job: written down, shown, its target let go. @event: what the audit line says
 * besides, or NULL: @outcome as the reason.
 */
void core_end(struct core *core, struct job *job, enum action_status status, const char *outcome,
	struct audit_event *event);
