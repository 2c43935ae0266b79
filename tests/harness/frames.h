/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A made-up host for tests: its processes fork, exec and end when told to, and what collectord
 * would say of it comes out as checked frames. Times are virtual.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define MADE_HOST_PIDS 65536

/* What a process does from now on, and what it has. Children begin with nothing. */
struct made_use {
	double cpu_pct, anon_mb_per_sec, io_mb_per_sec;
	double cpu_ns, anon_mb, file_mb, shmem_mb, swap_mb, io_mb;
	double connects, connects_per_sec;
	uint32_t connections;
	uint32_t fds, fd_limit, threads;
	char state; /* 0: S */
};

struct made_process {
	struct process info;
	char exe[64], args[128];
	bool alive;
	bool zombie; /* not alive, but not waited for either */
	struct made_use use;
	uint64_t used_ns;   /* until when @use is reckoned */
	struct sample sent; /* the last one */
};

struct made_host {
	void (*take)(void *ctx, const struct frame *frame);
	void *ctx;
	uint64_t now_ns, tick_ns; /* the next TICK */
	uint64_t sequence, frames;
	uint32_t last_pid, pass;
	uint64_t cgroup;		/* of new processes without a parent */
	double busy_pct;		/* of all CPUs, from busy_since_ns on */
	uint64_t busy_ns, busy_since_ns;
	struct made_process *processes; /* by pid */
};

/*
 * A host whose frames go to @take, at time 1000 s with wall offset 1,700,000,000 s; no frame yet.
 */
void made_host_init(
	struct made_host *host, void (*take)(void *ctx, const struct frame *frame), void *ctx);
void made_host_done(struct made_host *host);

/* Any frame. It has passed the checks of the link, or the test ends. */
void made_frame(
	struct made_host *host, unsigned type, const void *payload, const struct text *texts);

/* HOST, TICK and a full pass over all processes, as a new connection begins. */
void made_connect(struct made_host *host);
void made_pass(struct made_host *host);

/* A pass that tells only of what has changed since it was last told. */
void made_partial_pass(struct made_host *host);

/* What @pid does from now on; to be filled in by the caller before time goes on. */
struct made_use *made_use(struct made_host *host, uint32_t pid);

/* @secs seconds with a partial pass at the end of each. */
void made_run(struct made_host *host, unsigned secs);

/*
 * HOST_SAMPLE with these averages in percent: some for the CPU, full for memory and storage; and with the CPU use that
 * made_busy() said, 0 until then.
 */
void made_busy(struct made_host *host, double cpu_pct);
void made_pressure(struct made_host *host, double cpu, double memory, double io);

/* The kernel chooses @pid; it has not ended yet. */
void made_oom(struct made_host *host, uint32_t pid);

/* Ends, but nobody waits for it; or is waited for at last. */
void made_zombie(struct made_host *host, uint32_t pid);
void made_reap(struct made_host *host, uint32_t pid);

/* Ends unseen; what the collector concludes. */
void made_exit_inferred(struct made_host *host, uint32_t pid);

/* Lets time go on, with a TICK each second. */
void made_wait_ms(struct made_host *host, double ms);

/* A process that is there without a fork having been seen (told by the next pass). */
uint32_t made_process(struct made_host *host, uint32_t parent, const char *comm, uint32_t uid);

uint32_t made_fork(struct made_host *host, uint32_t parent);
void made_exec(struct made_host *host, uint32_t pid, const char *exe, const char *args);
void made_exit(struct made_host *host, uint32_t pid, uint32_t status);
void made_cgroup(struct made_host *host, uint64_t key, const char *path);
void made_counters(struct made_host *host, uint64_t dropped);

/* @count forks by @parent, @per_second; the children stay. Time stands at the last fork. */
void made_storm(struct made_host *host, uint32_t parent, unsigned count, double per_second);
