/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Payloads of the frames in frame.h: fixed-width fields, no holes that matter, sizes pinned in frame.c.
 * Times are CLOCK_BOOTTIME nanoseconds unless the name says wall_ (CLOCK_REALTIME). A pid is a tgid of
 * collectord's pid namespace. uid is the effective uid. Texts of the tail are listed in order.
 */
#pragma once

#include <stdint.h>

#define COMM_BYTES 16

struct hello {
	uint32_t magic;
	uint16_t version;
	uint16_t role; /* of the sender */
	uint64_t pidns_ino; /* inode of /proc/self/ns/pid */
	uint8_t boot_id[16];
	uint32_t pid;
	uint32_t reserved;
	uint64_t start_ns; /* when this daemon started */
};

/* A daemon about itself, each second. pid 0: the sender's neighbour @role is down. */
struct self {
	uint16_t role;
	uint16_t seccomp; /* as in /proc/PID/status: 0, 1, 2 */
	uint32_t pid, uid, gid;
	uint64_t cap_effective;
	uint64_t start_ns;
	uint64_t cpu_ns; /* used since start */
	uint64_t pss_bytes;
};

/* texts: host name, kernel release */
struct host {
	uint32_t cpus;
	uint32_t page_bytes;
	uint64_t memory_bytes;
	uint16_t text_len[2];
	uint16_t reserved[2];
};

/* texts: probe name, why it is not attached ("" if it is) */
struct probe {
	uint16_t attached; /* 0, 1 */
	uint16_t text_len[2];
	uint16_t reserved;
};

/* The only clock of the detecting core; each second, and first on a connection. */
struct tick {
	uint64_t time_ns;
	int64_t wall_offset_ns; /* wall = time + offset */
};

enum event_kind { EVENT_FORK, EVENT_EXEC, EVENT_EXIT, EVENT_CGROUP, EVENT_OOM, EVENT_KINDS };

/* Exact at rest: generated = delivered + dropped_ring + dropped_link + filtered (sums over kinds). */
struct counters {
	uint64_t generated[EVENT_KINDS];
	uint64_t delivered, dropped_ring, dropped_link, filtered;
	uint64_t ring_used_bytes, ring_bytes;
};

/* texts: program name. What one kernel program has cost, extrapolated from one run in 64. */
struct program {
	uint64_t runs;
	uint64_t nanoseconds;
	uint16_t text_len[1];
	uint16_t reserved[3];
};

/* What ruled's rules need beyond what is always sent; the newest counts. */
struct want {
	uint16_t connections; /* 1: open TCP connections in SAMPLE */
	uint16_t reserved[3];
};

/* texts: path below the hierarchy's root ("/system.slice/ssh.service") */
struct cgroup {
	uint64_t key; /* hierarchy in the top 16 bits, kernfs id below */
	uint16_t text_len[1];
	uint16_t removed; /* 0, 1 */
	uint32_t reserved;
};

/* What every process event says of its process. */
struct process {
	uint64_t time_ns;  /* of the event */
	uint64_t start_ns; /* start_boottime of the group leader: with tgid the key of a process */
	uint64_t parent_start_ns; /* 0: no parent */
	uint64_t ino;      /* thread_pid->ino of the leader; 0 on kernels before 6.9 */
	uint64_t cgroup;   /* key as in CGROUP */
	uint32_t tgid, ppid, uid;
	uint16_t kernel_thread; /* 0, 1 */
	uint16_t reserved;
	char comm[COMM_BYTES]; /* NUL-padded, at least one NUL */
};

struct fork {
	struct process process; /* the child */
};

/* texts: file name, redacted arguments joined by spaces */
struct exec {
	struct process process;
	uint16_t args_truncated; /* 0, 1 */
	uint16_t text_len[2];
	uint16_t reserved;
};

struct exit {
	struct process process;
	uint32_t status; /* wait status: code << 8 | signal */
	uint32_t connects; /* as in SAMPLE */
	uint64_t maxrss_bytes;
	uint64_t cpu_ns; /* used in its life by all threads */
};

/* The kernel chose a victim for want of memory; its EXIT follows. */
struct oom {
	struct process process;
};

struct sample_begin {
	uint64_t time_ns;
	uint32_t pass;
	uint16_t full; /* 1: what started before time_ns and is not in this pass has exited */
	uint16_t reserved;
};

/*
 * texts: file name ("" if unknown), redacted arguments. One process of a pass: sent when anything changed against the
 * last one sent, and in every full pass. Sums are over all threads, living and dead.
 */
struct sample {
	struct process process;
	uint64_t cpu_ns;
	uint64_t rss_anon_bytes, rss_file_bytes, rss_shmem_bytes, swap_bytes;
	uint64_t read_bytes, write_bytes; /* storage */
	uint64_t major_faults;
	uint32_t fds, fd_limit; /* open files, soft limit */
	uint32_t threads;
	uint32_t pass;
	uint32_t connects;    /* outgoing TCP connections begun since its start, modulo 2^32 */
	uint32_t connections; /* open TCP sockets in a connected state; 0 while nobody wants them */
	uint16_t state;      /* letter as in /proc/PID/stat */
	uint16_t args_known; /* 0: texts are to be ignored */
	uint16_t text_len[2];
};

/* Gone between two passes without an EXIT that was seen. */
struct exit_inferred {
	uint64_t time_ns, start_ns;
	uint32_t tgid;
	uint32_t reserved;
};

enum pressure_resource { PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, PRESSURE_RESOURCES };

/* Of one resource as /proc/pressure tells it. */
struct pressure {
	uint32_t some_avg10_centi, full_avg10_centi; /* hundredths of a percent */
	uint64_t some_total_us, full_total_us;
};

/* The host, each second. */
struct host_sample {
	uint64_t time_ns;
	struct pressure pressure[PRESSURE_RESOURCES];
	uint64_t cpu_busy_ns, cpu_total_ns; /* all CPUs, since boot */
	uint64_t memory_available_bytes;
	uint32_t load1_centi, load5_centi, load15_centi;
	uint16_t pressure_known; /* bit per resource */
	uint16_t reserved;
};

struct sample_end {
	uint64_t time_ns;
	uint32_t pass, seen, sent;
	uint32_t reserved;
};

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_COUNT };

enum scope { SCOPE_HOST, SCOPE_TREE, SCOPE_PROCESS, SCOPE_CGROUP, SCOPE_USER, SCOPE_COUNT };

/* texts: rule, message, exe, args, cgroup path, unit, container, tree root comm, incident id, detector, host name */
enum alert_text {
	ALERT_RULE, ALERT_MESSAGE, ALERT_EXE, ALERT_ARGS, ALERT_CGROUP, ALERT_UNIT, ALERT_CONTAINER, ALERT_ROOT_COMM,
	ALERT_INCIDENT, ALERT_DETECTOR, ALERT_HOST, ALERT_TEXTS,
};
struct alert {
	uint64_t epoch;   /* ruled's own start: id is "%x-%u" of epoch and counter */
	uint64_t counter; /* from 1 */
	uint64_t time_ns, since_ns;
	uint64_t wall_ns, since_wall_ns;
	double value, threshold;
	struct process culprit; /* tgid 0: nobody stands out */
	uint32_t root_tgid;     /* the candidate at the top of the culprit's tree */
	uint16_t severity, scope;
	uint16_t evidence_complete; /* 0, 1 */
	uint16_t text_len[ALERT_TEXTS];
};

/* texts: why no action results ("" if one does). Follows its ALERT. */
struct alert_note {
	uint64_t epoch, counter;
	uint64_t action; /* 0: none */
	uint16_t text_len[1];
	uint16_t reserved[3];
};

/* apid has committed every reliable frame of this connection up to and including @sequence. */
struct ack {
	uint64_t sequence;
};

/* texts: "" or file:line:col: reason of the reload that was refused. RULEs follow. */
struct rules {
	uint64_t generation; /* grows with each accepted load */
	uint32_t loaded; /* with the circuit breakers */
	uint16_t reload_success; /* 0, 1 */
	uint16_t text_len[1];
};

/* texts: name, detector */
struct rule {
	uint64_t generation;
	uint64_t last_fired_wall_ns; /* 0: never */
	uint64_t fired;
	double threshold;
	uint64_t muted_until_wall_ns; /* 0: not muted */
	uint32_t index; /* place in the file, from 0; the circuit breakers follow */
	uint32_t duration_secs, window_secs, cooldown_secs;
	uint16_t severity, scope;
	uint16_t proposes; /* enum action_type or 0 */
	uint16_t active;   /* culprits over the line now */
	uint16_t text_len[2];
	uint16_t reserved[2];
};

/* ruled about its own work, each second. */
struct detection {
	uint64_t processes;      /* live in the table */
	uint64_t processes_kept; /* exited, kept for retention */
	uint64_t evicted;        /* table entries given up before their time */
	uint64_t received;       /* process events that reached ruled */
	uint64_t alerts[SEVERITY_COUNT];
	uint64_t unacknowledged, discarded; /* reliable frames waiting; given up because too many waited */
	uint64_t delay_last_ns;  /* from the completing event to its alert */
	uint64_t muted;          /* alerts not told, since start */
	uint32_t incidents_open;
	uint16_t synced;         /* 1: a full pass is in the table */
	uint16_t breaker[PRESSURE_RESOURCES]; /* enum breaker_state of each resource */
	uint16_t reserved[2];
};

enum breaker_state { BREAKER_OFF, BREAKER_CLOSED, BREAKER_GRACE, BREAKER_OPEN, BREAKER_STATES };

/*
 * texts: the rules whose alerts joined it, ", " between. The state of an incident at its newest change; its id is that
 * of its first alert, which was sent before and names the culprit. Its evidence follows the first INCIDENT.
 */
struct incident {
	uint64_t epoch, counter; /* of the first alert */
	uint64_t version; /* from 1 */
	uint64_t opened_wall_ns, updated_wall_ns;
	uint64_t cleared_wall_ns; /* 0: open */
	uint64_t last_alert; /* counter of the newest alert that joined */
	uint32_t alerts;
	uint32_t reopened; /* how often it had cleared and came back */
	uint16_t severity; /* the highest of its alerts */
	uint16_t flapping, evidence_complete; /* 0, 1 */
	uint16_t text_len[1];
};

/* The host when the incident opened. */
struct incident_host {
	uint64_t epoch, counter;
	struct host_sample host;
	double cpu_pct; /* of all CPUs, in the last second */
	uint64_t generated, delivered, dropped; /* as COUNTERS said last */
};

enum incident_list {
	INCIDENT_IN_TREE = 1 << 0, /* the culprit, those above it and below it */
	INCIDENT_TOP_CPU = 1 << 1,
	INCIDENT_TOP_RSS = 1 << 2,
	INCIDENT_TOP_FDS = 1 << 3,
	INCIDENT_LISTS = (1 << 4) - 1,
};

/* texts: exe, args. One process when the incident opened. */
struct incident_process {
	uint64_t epoch, counter;
	struct process process;
	double cpu_pct; /* of one core, in the last interval */
	uint64_t rss_bytes, swap_bytes;
	uint32_t fds, fd_limit, threads;
	uint16_t lists;  /* enum incident_list, at least one */
	uint16_t exited; /* 0, 1 */
	int16_t generation; /* 0: the culprit, -1: its parent, 1: a child …; only IN_TREE */
	uint16_t text_len[2];
	uint16_t reserved;
};

#define INCIDENT_POINTS_MAX 64

/* texts: unit. The measured values that crossed the line, oldest first. */
struct incident_series {
	uint64_t epoch, counter;
	uint16_t count, text_len[1];
	uint32_t reserved;
	struct {
		uint64_t wall_ns;
		double value;
	} points[INCIDENT_POINTS_MAX];
};

/* The last events of the culprit's tree before the incident opened, oldest first. */
struct incident_events {
	uint64_t epoch, counter;
	uint16_t count, reserved[3];
	struct {
		uint64_t wall_ns;
		uint32_t tgid, ppid;
		uint32_t status; /* of an exit: wait status */
		uint32_t kind;	 /* enum event_kind */
		char comm[COMM_BYTES];
	} events[INCIDENT_POINTS_MAX];
};

/*
 * texts: rule. What apid holds as open when ruled connects: one for each rule whose alert joined the incident, so that
 * a ruled that was restarted goes on with it. RESUMED follows the last.
 */
struct resume {
	uint64_t epoch, counter, version; /* of the incident */
	uint64_t opened_wall_ns;
	uint64_t told_wall_ns; /* of this rule's newest alert in it */
	uint64_t start_ns, cgroup; /* of the culprit */
	uint32_t tgid, uid; /* of the culprit; 0: nobody stood out */
	uint32_t alerts, reopened;
	uint16_t severity, scope;
	uint16_t text_len[1];
	uint16_t reserved;
};

struct resumed {
	uint64_t count;
};

enum action_type { ACTION_NONE, ACTION_KILL_PROCESS, ACTION_KILL_TREE, ACTION_TYPES };

enum action_status {
	STATUS_PENDING, STATUS_APPROVED, STATUS_EXECUTING, STATUS_EXECUTED, STATUS_FAILED, STATUS_REJECTED,
	STATUS_EXPIRED, STATUS_WITHDRAWN, STATUS_COUNT,
};

/* texts: rule, incident id (alert id while there are no incidents), reason */
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
