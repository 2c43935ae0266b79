/* SPDX-License-Identifier: AGPL-3.0-only */
/* Payloads of incidents and their evidence, ruled to apid; a part of payload.h, which includes it. */
#pragma once

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
