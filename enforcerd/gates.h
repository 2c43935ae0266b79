/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Whether an action may be carried out: a table of gates over facts that others have measured.
 * Pure. What was not measured does not pass; an action is allowed only if every gate passes.
 */
#pragma once

#include <sys/types.h>

#include "common/base.h"
#include "common/config.h"
#include "enforcerd/proc.h"
#include "proto/frame.h"

/*
 * GATE(symbol, name, lasting). A lasting gate judges what the process is: an action that fails it
 * is refused at once. The others may change while the action waits: it stays pending, and shows
 * them.
 */
#define GATES(GATE)                                                                                \
	GATE(PID, "pid_above_1", 1)                                                                \
	GATE(KERNEL, "not_kernel_thread", 1)                                                       \
	GATE(SUITE, "not_suite", 1)                                                                \
	GATE(PROTECTED, "not_protected", 1)                                                        \
	GATE(LOGIN, "not_session_leader", 1)                                                       \
	GATE(APPROVER, "not_approver_ancestry", 0)                                                 \
	GATE(IDENTITY, "identity_unchanged", 0)                                                    \
	GATE(CONDITION, "condition", 0)                                                            \
	GATE(BUDGET, "budget", 0)                                                                  \
	GATE(HOLD, "not_held", 0)

/* clang-format off */
enum gate {
#define GATE(symbol, name, lasting) GATE_##symbol,
	GATES(GATE)
#undef GATE
	GATE_COUNT,
};
/* clang-format on */

/* The gates before this one are about single processes, the others about the action. */
#define GATE_PROCESS_COUNT GATE_IDENTITY

#define GATE_REASON_BYTES 120

struct gate_verdict {
	bool pass;
	char reason[GATE_REASON_BYTES]; /* escaped text */
};

/* All zero: nothing passes. */
struct gate_verdicts {
	struct gate_verdict gate[GATE_COUNT];
};

/* A process as measured. */
struct gate_process {
	bool known; /* everything below was read */
	uint32_t pid;
	uid_t uid, real_uid;
	bool kernel_thread, session_leader;
	char comm[COMM_BYTES];
	char cgroups[PROC_CGROUP_BYTES];
	struct {
		bool known;
		uid_t uid; /* of a set-uid program, whose it is */
		char comm[COMM_BYTES];
	} parents[2]; /* parent, its parent; only looked at for session leaders */
};

#define GATE_LINE_MAX 64

/* A process and its ancestors; cut at GATE_LINE_MAX is not known. */
struct gate_line {
	bool known;
	unsigned count;
	uint32_t pids[GATE_LINE_MAX];
};

/* What protects processes besides what is built in. */
struct gate_policy {
	uid_t suite[ROLE_COUNT];
	unsigned user_count;
	uid_t users[CONFIG_LIST_MAX];
	const struct config_list *cgroups; /* globs on a whole path; borrowed */
};

#define GATE_SUITE_LINES 3

struct gate_context {
	const struct gate_policy *policy;
	struct gate_line suite[GATE_SUITE_LINES]; /* enforcerd's and its peers' ancestors */
	bool approver_given;			  /* the approver's process is known */
	struct gate_line approver;
};

struct gate_facts {
	bool alive;		    /* the pidfd held since the proposal is not readable */
	bool same_uid, same_cgroup; /* as at the proposal */
	bool wanted;		    /* not withdrawn */
	uint32_t budget_left;
	const char *held_by; /* NULL: not held */
};

const char *gate_name(enum gate gate);

/* Whether @uid is one of this suite's users. */
bool gates_is_suite(const struct gate_policy *policy, uid_t uid);

/* Judges the target: fills the process gates of @verdicts. */
void gates_judge_target(const struct gate_context *context, const struct gate_process *process,
	struct gate_verdicts *verdicts);

/* Judges a further member of the target's tree: what it fails, the action fails, with the member
 * named. True if it passes. */
bool gates_judge_member(const struct gate_context *context, const struct gate_process *process,
	struct gate_verdicts *verdicts);

/* Fills the action's gates. */
void gates_judge_action(const struct gate_facts *facts, struct gate_verdicts *verdicts);

/* The first gate that does not pass, or GATE_COUNT; with @lasting only among lasting ones. */
enum gate gates_first_failed(const struct gate_verdicts *verdicts, bool lasting);
