/* SPDX-License-Identifier: AGPL-3.0-only */
/* Payloads of proposals, decisions and actions, to and from enforcerd; a part of payload.h, which includes it. */
#pragma once

enum action_type { ACTION_NONE, ACTION_KILL_PROCESS, ACTION_KILL_TREE, ACTION_TYPES };

enum action_status {
	STATUS_PENDING, STATUS_APPROVED, STATUS_EXECUTING, STATUS_EXECUTED, STATUS_FAILED, STATUS_REJECTED,
	STATUS_EXPIRED, STATUS_WITHDRAWN, STATUS_COUNT,
};

/* texts: rule, incident id, reason */
struct propose {
	uint64_t proposal; /* ruled's number for it */
	uint64_t start_ns, ino, cgroup;
	uint32_t tgid, uid;
	uint16_t type;   /* enum action_type */
	uint16_t signal; /* SIGTERM or SIGKILL */
	uint16_t evidence_complete;
	uint16_t text_len[3];
	uint16_t reserved[2];
	double value, threshold;
};

/* texts: why it was refused ("" if accepted) */
struct verdict {
	uint64_t proposal;
	uint64_t action; /* 0: refused */
	uint16_t text_len[1];
	uint16_t reserved[3];
};

/* texts: why */
struct withdraw {
	uint64_t proposal;
	uint16_t text_len[1];
	uint16_t reserved[3];
};

/* texts: detail */
struct action_state {
	uint64_t proposal, action;
	uint16_t status;
	uint16_t text_len[1];
	uint32_t reserved;
};

enum mute_kind { MUTE_RULE = 1, MUTE_CULPRIT, MUTE_KINDS };

/* texts: name of the rule or comm of the culprit, who muted it. Decided by an approver. */
struct mute {
	uint64_t until_wall_ns; /* 0: not any more */
	uint16_t kind; /* enum mute_kind */
	uint16_t text_len[2];
	uint16_t reserved;
};

enum peer_kind { PEER_NOBODY, PEER_UNIX, PEER_TCP, PEER_KINDS };

/* A client's connected socket, before its request is read. Answered by one PROOF. */
struct claim {
	uint64_t connection; /* apid's number for it, never reused */
};

enum verb { VERB_NONE, VERB_WHOAMI, VERB_APPROVE, VERB_REJECT, VERB_HOLD, VERB_RESUME, VERB_MUTE, VERB_COUNT };

/* texts: user name, why not ("" if admitted). What enforcerd itself read from the client's bytes and the kernel. */
struct proof {
	uint64_t connection;
	uint64_t action; /* of the request line; 0 for hold, resume, whoami */
	uint32_t uid;
	uint16_t kind; /* enum peer_kind; PEER_NOBODY: not proven */
	uint16_t verb; /* of the request line; VERB_NONE: not a decision */
	uint16_t admitted; /* 1: may decide */
	uint16_t text_len[2];
	uint16_t reserved;
};

/* The connection is over without a decision. */
struct unclaim {
	uint64_t connection;
};

/* texts: approver label, reason, what is to be muted ("" otherwise). The decision of a claimed connection. */
struct decide {
	uint64_t request; /* apid's number; comes back in DECIDED */
	uint64_t connection;
	uint64_t if_match; /* 0: none; else the action's version */
	uint32_t mute_secs; /* 0: mute no more */
	uint16_t mute_kind; /* enum mute_kind, or 0 for other verbs */
	uint16_t text_len[3];
	uint32_t reserved;
};

enum decision_result {
	DECISION_OK, DECISION_FORBIDDEN, DECISION_UNKNOWN, DECISION_CONFLICT, DECISION_EXPIRED, DECISION_MISMATCH,
	DECISION_INVALID, DECISION_UNAVAILABLE, DECISION_RESULTS,
};

/* texts: detail */
struct decided {
	uint64_t request;
	uint64_t action; /* 0 for hold and resume */
	uint16_t result; /* enum decision_result */
	uint16_t text_len[1];
	uint32_t reserved;
};

/* texts: who holds, why not ready. enforcerd's state, each second and at each change. */
struct enforcer {
	uint64_t hold_since_wall_ns; /* 0: not held */
	uint32_t budget_left, budget;
	uint32_t approvers_required;
	uint16_t mode;      /* enum mode */
	uint16_t audit_ok;  /* 0, 1 */
	uint16_t peers_ok;  /* socket owners can be looked up */
	uint16_t text_len[2];
	uint16_t reserved;
};

/*
 * One action whole; @gates ACTION_GATE, @members ACTION_MEMBER and @proofs ACTION_PROOF frames follow at once.
 * texts: reason, rule, incident id, comm, exe, args, user, cgroup, unit, container, outcome
 */
enum action_text {
	ACTION_REASON, ACTION_RULE, ACTION_INCIDENT, ACTION_COMM, ACTION_EXE, ACTION_ARGS, ACTION_USER, ACTION_CGROUP,
	ACTION_UNIT, ACTION_CONTAINER, ACTION_OUTCOME, ACTION_TEXTS,
};
struct action {
	uint64_t action;
	uint64_t version; /* grows with each change; the ETag */
	uint64_t start_ns;
	uint64_t created_wall_ns, expires_wall_ns, executed_wall_ns;
	uint32_t pid, uid;
	uint32_t tree_size;
	uint16_t type, signal, status;
	uint16_t identity_strong; /* 0, 1 */
	uint16_t gates, members, proofs;
	uint16_t text_len[ACTION_TEXTS];
	uint16_t reserved[2];
};

/* texts: gate name, reason */
struct action_gate {
	uint64_t action;
	uint16_t index;
	uint16_t pass; /* 0, 1 */
	uint16_t text_len[2];
};

/* texts: comm, args */
struct action_member {
	uint64_t action;
	uint32_t pid, ppid, uid;
	uint16_t index;
	uint16_t text_len[2];
	uint16_t reserved;
};

/* texts: approver label, user */
struct action_proof {
	uint64_t action;
	uint32_t uid;
	uint16_t index;
	uint16_t kind; /* enum peer_kind */
	uint16_t text_len[2];
	uint32_t reserved;
};

/* The list of actions is complete (after the first ones on a connection). */
struct actions_end {
	uint64_t count;
};
