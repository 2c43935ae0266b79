/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The kernel programs: loaded, attached, reported one by one. Everything that needs CAP_BPF and
 * CAP_PERFMON happens in probes_open(); afterwards only probes_iterate() makes a bpf() call.
 */
#pragma once

#include "bpf/record.h"
#include "common/base.h"

struct probes;

struct probes_settings {
	uint32_t ring_bytes; /* power of two */
	bool capture_args;
	bool network;
	uint32_t pidns_inum;
	enum cgroup_source cgroup_source;
	uint32_t cgroup_hierarchy;
};

/*
 * Loads and attaches. A kernel that lacks what an optional program needs is no error, see
 * probe_status(). Without one of the required ones (fork, exec, exit): -errno, and probe_status()
 * still answers. *probes is set in both cases but for -ENOMEM.
 */
must_check int probes_open(struct probes **probes, const struct probes_settings *settings);
void probes_close(struct probes *probes);
void probes_closep(struct probes **probes);

/* Ends all programs; maps and what is in them stay. */
void probes_detach(struct probes *probes);

struct probe_status {
	const char *name; /* static */
	bool attached;
	bool wanted;	 /* false: switched off */
	const char *why; /* why not; "" if attached */
};

/* Of a program or of PROBE_ARGS, which is no program of its own. */
struct probe_status probe_status(const struct probes *probes, enum program_id probe);

/* Makes one of PROGRAM_CONNECT, PROGRAM_CONNECTIONS and PROBE_ARGS, if it is attached, idle, and says so with @why; ""
 * lets it work again. */
void probes_switch(struct probes *probes, enum program_id probe, const char *why);

int probes_ring_fd(const struct probes *probes);     /* borrowed */
int probes_counters_fd(const struct probes *probes); /* borrowed */
unsigned probes_cpu_count(const struct probes *probes);

/* Set to have the ring's next record wake its reader; cleared by the programs. */
uint32_t *probes_asleep(const struct probes *probes);

/* False: the end of a process may be reported twice. */
bool probes_exit_is_exact(const struct probes *probes);

/* A new descriptor that gives one struct record_sample for each live process, with its file name if
 * @texts, and struct record_thread for the threads of some. -EOPNOTSUPP, -errno. */
must_check int probes_iterate(const struct probes *probes, bool texts);

/* The same with a struct record_connections for each thread that has open TCP connections. One at a time. -EOPNOTSUPP:
 * not attached or switched off. */
must_check int probes_walk_connections(const struct probes *probes);

/* TCP connects that found no room to be counted. */
uint64_t probes_connects_lost(const struct probes *probes);
