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

#include "proto/payload_action.h"
#include "proto/payload_incident.h"
