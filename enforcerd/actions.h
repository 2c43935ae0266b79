/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The actions (struct job: one with all that belongs to it) and their states: pending → approved →
 * executing → executed | failed; pending → rejected | expired | withdrawn; approved → failed. A
 * bounded table and the hourly budget. Pure: time comes in as an argument (CLOCK_BOOTTIME), nothing
 * is opened, signalled or logged.
 */
#pragma once

#include "common/base.h"
#include "enforcerd/gates.h"
#include "enforcerd/peer.h"
#include "enforcerd/target.h"

#define ACTIONS_MAX	     256
#define ACTION_APPROVALS_MAX 5
#define ACTION_MEMBERS_SHOWN 16
#define BUDGET_MAX	     100000 /* as the configuration allows */
#define BUDGET_NS	     (3600 * NSEC_PER_SEC)

struct shown_member {
	uint32_t pid, ppid;
	uid_t uid;
	char comm[COMM_BYTES], args[64];
};

struct job {
	uint64_t id; /* 0: a free place */
	uint64_t version;
	uint64_t proposer,
		proposal; /* start time of the ruled that proposed it, and that ruled's number */
	enum action_type type;
	int signal;
	enum action_status status;
	bool evidence_complete;
	bool withdrawn;	   /* asked for; what is under way already is not stopped by it */
	bool started;	   /* given to act.c */
	unsigned unlogged; /* approvals that are not on the disk yet */
	uint64_t approved_ns, deadline_ns; /* deadline: of the approval, then of the first signal */
	uint64_t created_wall_ns, expires_wall_ns, executed_wall_ns;
	struct target target;
	struct gate_verdicts gates;
	bool approver_given;
	struct gate_line approver; /* the last approver's ancestors, if his process is known */
	unsigned tree_size, young; /* living members; those of them not 10 s old */
	unsigned member_count, approval_count;
	struct shown_member members[ACTION_MEMBERS_SHOWN];
	struct approval approvals[ACTION_APPROVALS_MAX];
	char comm[COMM_BYTES];
	char rule[128], incident[64], reason[512], args[PROC_ARGS_BYTES], user[APPROVAL_USER_BYTES];
	char outcome[256];
};

struct actions {
	uint64_t last_id;
	unsigned max_per_hour;
	struct job places[ACTIONS_MAX];
	uint64_t spent[BUDGET_MAX]; /* when actions were executed, a ring */
	uint64_t spent_count;
};

/* @actions is all zero, so that places that are never used cost no memory. @last_id: the highest
 * number ever given. */
void actions_init(struct actions *actions, uint64_t last_id, unsigned max_per_hour);

/* A new pending action with the next number; drops the oldest finished one if need be. NULL: all
 * are unfinished. */
struct job *actions_add(struct actions *actions);
/* Takes the newest one back as if it had never been. */
void actions_cancel(struct actions *actions, struct job *job);

/* The action in the next place after @job, from NULL to NULL. */
struct job *actions_next(struct actions *actions, struct job *job);

struct job *actions_find(struct actions *actions, uint64_t id);
struct job *actions_find_proposal(struct actions *actions, uint64_t proposer, uint64_t proposal);
/* The unfinished action about the same process. */
struct job *actions_find_target(struct actions *actions, const struct target *target);

bool job_is_finished(const struct job *job);
const char *action_status_name(enum action_status status);
const char *action_type_name(enum action_type type);

/* Goes to @status, which the states allow (asserted). */
void job_move(struct job *job, enum action_status status);

/*
 * Adds an approval to a pending action. Returns the approvals still missing, or -EEXIST: this uid
 * has approved it before.
 */
must_check int job_approve(struct job *job, const struct approval *approval, unsigned required);

/* Executions left in the hour that ends at @now_ns. */
uint32_t budget_left(const struct actions *actions, uint64_t now_ns);
void budget_spend(struct actions *actions, uint64_t now_ns);
