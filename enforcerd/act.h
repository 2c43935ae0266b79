/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Carries out what was approved: the only file that sends signals. A process is signalled through a
 * pidfd and in no other way, after the caller has been asked once more. A fixed number of
 * executions at a time, bounded in time and members, no allocation after act_init(), never longer
 * in one call than a sweep of /proc.
 */
#pragma once

#include "common/base.h"
#include "common/loop.h"
#include "enforcerd/gates.h"
#include "enforcerd/target.h"

#define ACT_TREES_MAX	  4  /* kill_tree at the same time */
#define ACT_PROCESSES_MAX 28 /* kill_process at the same time */
#define ACT_KILL_NS                                                                                \
	(10 * NSEC_PER_SEC) /* from the first STOP or KILL until what is left counts as left */
#define ACT_SWEEPS_MAX 200  /* STOP sweeps, all rounds of one action together */

struct act_order {
	uint64_t action;
	enum action_type type;
	int signal; /* SIGTERM or SIGKILL */
	uint32_t grace_secs;
	const struct target *target; /* borrowed during act_start() */
};

struct act_result {
	int error; /* 0: everything has gone; -ETIME, -EAGAIN (keeps escaping), -EPERM (refused),
		      -ECANCELED, -errno */
	const char *why;    /* finishes the sentence "failed: …" */
	unsigned signalled; /* processes that got at least one signal */
	unsigned left;	    /* signalled, or members that must not be, and still there */
	uint64_t after_ns;  /* from the first signal to the last exit */
};

struct act_callbacks {
	/*
	 * Asked before each round of signals. 0, or -errno with *why (valid until on_done() has
	 * returned): nothing more is sent for this action.
	 */
	int (*may_signal)(uint64_t action, const char **why, void *ctx);
	/* Asked for each member but the target when it is found: whether it may be signalled. */
	bool (*may_join)(uint64_t action, const struct gate_process *process, void *ctx);
	/* A signal of this kind has been sent for the first time, to @members processes. */
	void (*on_signal)(uint64_t action, int signal, unsigned members, void *ctx);
	/* The end; the execution is free again. */
	void (*on_done)(uint64_t action, const struct act_result *result, void *ctx);
};

must_check int act_init(struct loop *loop, const struct act_callbacks *callbacks, void *ctx);
/* Ends everything under way without another signal but SIGCONT to what we have stopped. */
void act_done(void);

/*
 * Begins; the first signal follows in a later turn of the loop. -EBUSY: as many as can be are under
 * way, try again later; -errno. On 0 on_done() tells the end, once.
 */
must_check int act_start(const struct act_order *order);
