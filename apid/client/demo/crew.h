/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A load in a process group of its own: without rights, with limits, and tied to us: the kernel
 * ends it when we end in whatever way, each of its members leaves when its parent ends, and an
 * alarm ends each after CREW_SECS. The only thing here that is ever signalled is that group.
 */
#pragma once

#include <sys/types.h>

#include "apid/client/demo/load.h"

#define CREW_SECS 30
#define CREW_NAME "linnix-demo" /* comm of every member */

struct crew {
	pid_t pgid;	   /* of its first process; 0: none */
	uint64_t start_ns; /* CLOCK_BOOTTIME */
};

/* Starts @load. 0 or -errno. */
must_check int crew_start(struct crew *crew, load_fn *load);

/* True while the first process lives. */
bool crew_runs(const struct crew *crew);

/* Is @pid, which lives or is a zombie, in it? */
bool crew_has(const struct crew *crew, pid_t pid);

/* Ends all members and waits until none is left. */
void crew_end(struct crew *crew);

/* For loads: a child tied to this process as this one is to us. 0 in the child, -errno. */
must_check pid_t crew_fork(unsigned seconds);
