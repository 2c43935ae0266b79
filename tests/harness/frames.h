/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A made-up host for tests: its processes fork, exec and end when told to, and what collectord
 * would say of it comes out as checked frames. Times are virtual.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define MADE_HOST_PIDS 65536

struct made_process {
	struct process info;
	char exe[64], args[128];
	bool alive;
};

struct made_host {
	void (*take)(void *ctx, const struct frame *frame);
	void *ctx;
	uint64_t now_ns, tick_ns; /* the next TICK */
	uint64_t sequence, frames;
	uint32_t last_pid, pass;
	uint64_t cgroup; /* of new processes without a parent */
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
