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
	const char *why; /* why not; "" if attached */
};

struct probe_status probe_status(const struct probes *probes, enum program_id program);

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
