/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What the listener was last told of each process: whether a sample says anything new, and who is
 * gone though no end was seen. Pure: knows samples, ends and pass numbers; never the time. Bounded:
 * what finds no place counts as new each time, and only a full pass shows its end.
 */
#pragma once

#include "common/base.h"
#include "common/map.h"
#include "common/pool.h"
#include "proto/frame.h"

#define TOLD_MAX 65536

struct told_process;

struct told {
	struct map by_key; /* tgid, start */
	struct pool pool;
	struct told_process *first;
	uint64_t refused; /* found no place */
};

enum told_news { TOLD_SAME, TOLD_NEW, TOLD_GONE };

/* For at most @max processes. */
void told_init(struct told *told, size_t max);
void told_done(struct told *told);

/* The listener knows nothing any more. */
void told_reset(struct told *told);

/*
 * @sample's process is alive in pass @pass. Sums that a race in the kernel made too small are
 * raised to what they were. TOLD_GONE: its end has been told.
 */
enum told_news told_see(struct told *told, struct sample *sample, uint32_t pass);

/* @sample, as told_see() left it, was sent. */
void told_sent(struct told *told, const struct sample *sample);

/* The end of a process was told. @unseen_too: a pass goes on and may still have it, so it is
 * remembered in any case. */
void told_exit(struct told *told, uint32_t tgid, uint64_t start_ns, bool unseen_too);

/*
 * The next process that is not in pass @pass and has no end that was told, or NULL. Start with *at
 * = told->first; only told_sweep() and told_reset() end the walk.
 */
struct told_process *told_missing(struct told_process **at, uint32_t pass);
struct exit_inferred told_inferred(const struct told_process *process, uint64_t now_ns);

/* A pass is over: forgets those whose end was told. */
void told_sweep(struct told *told);
