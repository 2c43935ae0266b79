/* SPDX-License-Identifier: AGPL-3.0-only */
#include "proto/check.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "proto/frame.h"

#define TIME_MAX (1ULL << 62) /* 146 years */
#define PID_MAX (1U << 22)    /* the kernel's PID_MAX_LIMIT */
/* Frames that may follow one ACTION; their indexes are below. */
#define GATES_MAX 64
#define MEMBERS_MAX 64
#define PROOFS_MAX 8

enum rule_kind {
	RULE_MAX16 = 1, /* uint16_t ≤ limit */
	RULE_1_TO,      /* uint16_t, 1 … limit */
	RULE_SIGNAL,    /* uint16_t, SIGTERM or SIGKILL */
	RULE_PID,       /* uint32_t, 1 … PID_MAX */
	RULE_PID_OR_0,
	RULE_TIME,      /* uint64_t ≤ TIME_MAX */
	RULE_OFFSET,    /* int64_t, -TIME_MAX … TIME_MAX: its sum with a time fits */
	RULE_NOT_0,     /* uint64_t ≠ 0 */
	RULE_COMM,      /* char[COMM_BYTES] with a NUL */
	RULE_FINITE,    /* double */
};

struct field_rule {
	uint16_t type, offset;
	uint16_t kind, limit;
	const char *why;
};

#define FIELD(frame, payload, member, kind, limit, why) {FRAME_##frame, offsetof(struct payload, member), kind, limit, why}
#define PROCESS(frame, payload, member) \
	FIELD(frame, payload, member.tgid, RULE_PID, 0, "pid out of range"), \
	FIELD(frame, payload, member.ppid, RULE_PID_OR_0, 0, "parent pid out of range"), \
	FIELD(frame, payload, member.time_ns, RULE_TIME, 0, "time out of range"), \
	FIELD(frame, payload, member.start_ns, RULE_TIME, 0, "start time out of range"), \
	FIELD(frame, payload, member.parent_start_ns, RULE_TIME, 0, "parent start time out of range"), \
	FIELD(frame, payload, member.kernel_thread, RULE_MAX16, 1, "kernel_thread is no boolean"), \
	FIELD(frame, payload, member.comm, RULE_COMM, 0, "comm without end")

static const struct field_rule rules[] = {
	FIELD(HELLO, hello, role, RULE_MAX16, ROLE_COUNT - 1, "unknown role"),
	FIELD(HELLO, hello, start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(SELF, self, role, RULE_MAX16, ROLE_COUNT - 1, "unknown role"),
	FIELD(SELF, self, seccomp, RULE_MAX16, 2, "unknown seccomp mode"),
	FIELD(SELF, self, pid, RULE_PID_OR_0, 0, "pid out of range"),
	FIELD(SELF, self, start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(PROBE, probe, attached, RULE_MAX16, 1, "attached is no boolean"),
	FIELD(TICK, tick, time_ns, RULE_TIME, 0, "time out of range"),
	FIELD(TICK, tick, wall_offset_ns, RULE_OFFSET, 0, "wall clock out of range"),
	FIELD(WANT, want, connections, RULE_MAX16, 1, "connections is no boolean"),
	FIELD(CGROUP, cgroup, removed, RULE_MAX16, 1, "removed is no boolean"),
	PROCESS(FORK, fork, process),
	PROCESS(EXEC, exec, process),
	FIELD(EXEC, exec, args_truncated, RULE_MAX16, 1, "args_truncated is no boolean"),
	PROCESS(EXIT, exit, process),
	FIELD(SAMPLE_BEGIN, sample_begin, time_ns, RULE_TIME, 0, "time out of range"),
	FIELD(SAMPLE_BEGIN, sample_begin, full, RULE_MAX16, 1, "full is no boolean"),
	PROCESS(SAMPLE, sample, process),
	FIELD(SAMPLE, sample, args_known, RULE_MAX16, 1, "args_known is no boolean"),
	FIELD(SAMPLE_END, sample_end, time_ns, RULE_TIME, 0, "time out of range"),
	PROCESS(OOM, oom, process),
	FIELD(EXIT_INFERRED, exit_inferred, tgid, RULE_PID, 0, "pid out of range"),
	FIELD(EXIT_INFERRED, exit_inferred, time_ns, RULE_TIME, 0, "time out of range"),
	FIELD(EXIT_INFERRED, exit_inferred, start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(HOST_SAMPLE, host_sample, time_ns, RULE_TIME, 0, "time out of range"),
	FIELD(HOST_SAMPLE, host_sample, pressure_known, RULE_MAX16, 7, "unknown resource"),
	FIELD(ALERT, alert, counter, RULE_NOT_0, 0, "alert without number"),
	FIELD(ALERT, alert, time_ns, RULE_TIME, 0, "time out of range"),
	FIELD(ALERT, alert, since_ns, RULE_TIME, 0, "time out of range"),
	FIELD(ALERT, alert, value, RULE_FINITE, 0, "value is not finite"),
	FIELD(ALERT, alert, threshold, RULE_FINITE, 0, "threshold is not finite"),
	FIELD(ALERT, alert, culprit.tgid, RULE_PID_OR_0, 0, "pid out of range"),
	FIELD(ALERT, alert, culprit.ppid, RULE_PID_OR_0, 0, "parent pid out of range"),
	FIELD(ALERT, alert, culprit.start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(ALERT, alert, culprit.comm, RULE_COMM, 0, "comm without end"),
	FIELD(ALERT, alert, root_tgid, RULE_PID_OR_0, 0, "root pid out of range"),
	FIELD(ALERT, alert, severity, RULE_MAX16, SEVERITY_COUNT - 1, "unknown severity"),
	FIELD(ALERT, alert, scope, RULE_MAX16, SCOPE_COUNT - 1, "unknown scope"),
	FIELD(ALERT, alert, evidence_complete, RULE_MAX16, 1, "evidence_complete is no boolean"),
	FIELD(ALERT_NOTE, alert_note, counter, RULE_NOT_0, 0, "alert without number"),
	FIELD(RULES, rules, reload_success, RULE_MAX16, 1, "reload_success is no boolean"),
	FIELD(RULE, rule, severity, RULE_MAX16, SEVERITY_COUNT - 1, "unknown severity"),
	FIELD(RULE, rule, scope, RULE_MAX16, SCOPE_COUNT - 1, "unknown scope"),
	FIELD(RULE, rule, proposes, RULE_MAX16, ACTION_TYPES - 1, "unknown action type"),
	FIELD(RULE, rule, threshold, RULE_FINITE, 0, "threshold is not finite"),
	FIELD(DETECTION, detection, synced, RULE_MAX16, 1, "synced is no boolean"),
	FIELD(DETECTION, detection, breaker[0], RULE_MAX16, BREAKER_STATES - 1, "unknown state of a breaker"),
	FIELD(DETECTION, detection, breaker[1], RULE_MAX16, BREAKER_STATES - 1, "unknown state of a breaker"),
	FIELD(DETECTION, detection, breaker[2], RULE_MAX16, BREAKER_STATES - 1, "unknown state of a breaker"),
	FIELD(PROPOSE, propose, proposal, RULE_NOT_0, 0, "proposal without number"),
	FIELD(PROPOSE, propose, tgid, RULE_PID, 0, "pid out of range"),
	FIELD(PROPOSE, propose, start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(PROPOSE, propose, type, RULE_1_TO, ACTION_TYPES - 1, "unknown action type"),
	FIELD(PROPOSE, propose, signal, RULE_SIGNAL, 0, "unknown signal"),
	FIELD(PROPOSE, propose, evidence_complete, RULE_MAX16, 1, "evidence_complete is no boolean"),
	FIELD(PROPOSE, propose, value, RULE_FINITE, 0, "value is not finite"),
	FIELD(PROPOSE, propose, threshold, RULE_FINITE, 0, "threshold is not finite"),
	FIELD(WITHDRAW, withdraw, proposal, RULE_NOT_0, 0, "withdrawal without number"),
	FIELD(ACTION_STATE, action_state, status, RULE_MAX16, STATUS_COUNT - 1, "unknown status"),
	FIELD(MUTE, mute, kind, RULE_1_TO, MUTE_KINDS - 1, "unknown kind of mute"),
	FIELD(MUTE, mute, until_wall_ns, RULE_TIME, 0, "time out of range"),
	FIELD(CLAIM, claim, connection, RULE_NOT_0, 0, "connection without number"),
	FIELD(PROOF, proof, connection, RULE_NOT_0, 0, "connection without number"),
	FIELD(PROOF, proof, kind, RULE_MAX16, PEER_KINDS - 1, "unknown kind of peer"),
	FIELD(PROOF, proof, verb, RULE_MAX16, VERB_COUNT - 1, "unknown verb"),
	FIELD(PROOF, proof, admitted, RULE_MAX16, 1, "admitted is no boolean"),
	FIELD(UNCLAIM, unclaim, connection, RULE_NOT_0, 0, "connection without number"),
	FIELD(DECIDE, decide, connection, RULE_NOT_0, 0, "connection without number"),
	FIELD(DECIDE, decide, mute_kind, RULE_MAX16, MUTE_KINDS - 1, "unknown kind of mute"),
	FIELD(DECIDED, decided, result, RULE_MAX16, DECISION_RESULTS - 1, "unknown result"),
	FIELD(ENFORCER, enforcer, mode, RULE_MAX16, 1, "unknown mode"),
	FIELD(ENFORCER, enforcer, audit_ok, RULE_MAX16, 1, "audit_ok is no boolean"),
	FIELD(ENFORCER, enforcer, peers_ok, RULE_MAX16, 1, "peers_ok is no boolean"),
	FIELD(ACTION, action, action, RULE_NOT_0, 0, "action without number"),
	FIELD(ACTION, action, pid, RULE_PID, 0, "pid out of range"),
	FIELD(ACTION, action, type, RULE_1_TO, ACTION_TYPES - 1, "unknown action type"),
	FIELD(ACTION, action, signal, RULE_SIGNAL, 0, "unknown signal"),
	FIELD(ACTION, action, status, RULE_MAX16, STATUS_COUNT - 1, "unknown status"),
	FIELD(ACTION, action, identity_strong, RULE_MAX16, 1, "identity_strong is no boolean"),
	FIELD(ACTION, action, gates, RULE_MAX16, GATES_MAX, "too many gates"),
	FIELD(ACTION, action, members, RULE_MAX16, MEMBERS_MAX, "too many members"),
	FIELD(ACTION, action, proofs, RULE_MAX16, PROOFS_MAX, "too many proofs"),
	FIELD(ACTION_GATE, action_gate, action, RULE_NOT_0, 0, "action without number"),
	FIELD(ACTION_GATE, action_gate, index, RULE_MAX16, GATES_MAX - 1, "gate index out of range"),
	FIELD(ACTION_GATE, action_gate, pass, RULE_MAX16, 1, "pass is no boolean"),
	FIELD(ACTION_MEMBER, action_member, action, RULE_NOT_0, 0, "action without number"),
	FIELD(ACTION_MEMBER, action_member, pid, RULE_PID, 0, "pid out of range"),
	FIELD(ACTION_MEMBER, action_member, index, RULE_MAX16, MEMBERS_MAX - 1, "member index out of range"),
	FIELD(ACTION_PROOF, action_proof, action, RULE_NOT_0, 0, "action without number"),
	FIELD(ACTION_PROOF, action_proof, index, RULE_MAX16, PROOFS_MAX - 1, "proof index out of range"),
	FIELD(ACTION_PROOF, action_proof, kind, RULE_MAX16, PEER_KINDS - 1, "unknown kind of peer"),
	FIELD(INCIDENT, incident, counter, RULE_NOT_0, 0, "incident without number"),
	FIELD(INCIDENT, incident, version, RULE_NOT_0, 0, "incident without version"),
	FIELD(INCIDENT, incident, severity, RULE_MAX16, SEVERITY_COUNT - 1, "unknown severity"),
	FIELD(INCIDENT, incident, flapping, RULE_MAX16, 1, "flapping is no boolean"),
	FIELD(INCIDENT, incident, evidence_complete, RULE_MAX16, 1, "evidence_complete is no boolean"),
	FIELD(INCIDENT_HOST, incident_host, counter, RULE_NOT_0, 0, "incident without number"),
	FIELD(INCIDENT_HOST, incident_host, host.pressure_known, RULE_MAX16, 7, "unknown resource"),
	FIELD(INCIDENT_HOST, incident_host, cpu_pct, RULE_FINITE, 0, "value is not finite"),
	FIELD(INCIDENT_PROCESS, incident_process, counter, RULE_NOT_0, 0, "incident without number"),
	PROCESS(INCIDENT_PROCESS, incident_process, process),
	FIELD(INCIDENT_PROCESS, incident_process, cpu_pct, RULE_FINITE, 0, "value is not finite"),
	FIELD(INCIDENT_PROCESS, incident_process, lists, RULE_1_TO, INCIDENT_LISTS, "unknown list"),
	FIELD(INCIDENT_PROCESS, incident_process, exited, RULE_MAX16, 1, "exited is no boolean"),
	FIELD(INCIDENT_SERIES, incident_series, counter, RULE_NOT_0, 0, "incident without number"),
	FIELD(INCIDENT_SERIES, incident_series, count, RULE_MAX16, INCIDENT_POINTS_MAX, "too many points"),
	FIELD(INCIDENT_EVENTS, incident_events, counter, RULE_NOT_0, 0, "incident without number"),
	FIELD(INCIDENT_EVENTS, incident_events, count, RULE_MAX16, INCIDENT_POINTS_MAX, "too many events"),
	FIELD(RESUME, resume, counter, RULE_NOT_0, 0, "incident without number"),
	FIELD(RESUME, resume, version, RULE_NOT_0, 0, "incident without version"),
	FIELD(RESUME, resume, tgid, RULE_PID_OR_0, 0, "pid out of range"),
	FIELD(RESUME, resume, start_ns, RULE_TIME, 0, "start time out of range"),
	FIELD(RESUME, resume, severity, RULE_MAX16, SEVERITY_COUNT - 1, "unknown severity"),
	FIELD(RESUME, resume, scope, RULE_MAX16, SCOPE_COUNT - 1, "unknown scope"),
};

static bool holds(const struct field_rule *rule, const char *field)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;
	double number;

	memcpy(&v16, field, sizeof(v16));
	switch ((enum rule_kind)rule->kind) {
	case RULE_MAX16:
		return v16 <= rule->limit;
	case RULE_1_TO:
		return v16 >= 1 && v16 <= rule->limit;
	case RULE_SIGNAL:
		return v16 == SIGTERM || v16 == SIGKILL;
	case RULE_COMM:
		return memchr(field, '\0', COMM_BYTES) != NULL;
	case RULE_PID:
	case RULE_PID_OR_0:
		memcpy(&v32, field, sizeof(v32));
		return v32 <= PID_MAX && (v32 > 0 || rule->kind == RULE_PID_OR_0);
	case RULE_TIME:
	case RULE_NOT_0:
		memcpy(&v64, field, sizeof(v64));
		return rule->kind == RULE_TIME ? v64 <= TIME_MAX : v64 != 0;
	case RULE_OFFSET:
		memcpy(&v64, field, sizeof(v64));
		return v64 + TIME_MAX <= 2 * TIME_MAX;
	case RULE_FINITE:
		memcpy(&number, field, sizeof(number));
		return isfinite(number);
	}
	return false;
}

/* The rules are in frame order, so each type's rules are one run; its start is found once. */
static uint16_t first_rule[FRAME_TYPE_MAX + 1];

__attribute__((constructor)) static void index_rules(void)
{
	size_t at = 0;

	for (unsigned type = 0; type <= FRAME_TYPE_MAX; type++) {
		while (at < ARRAY_LEN(rules) && rules[at].type < type)
			at++;
		first_rule[type] = (uint16_t)at;
	}
}

int check_payload(unsigned type, const void *payload, const char **why)
{
	for (size_t i = first_rule[type]; i < first_rule[type + 1]; i++) {
		if (!holds(&rules[i], (const char *)payload + rules[i].offset)) {
			*why = rules[i].why;
			return -EPROTO;
		}
	}
	return 0;
}
