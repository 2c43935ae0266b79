/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A pass over all live processes, between SAMPLE_BEGIN and SAMPLE_END. A full one tells each, so
 * that the receiver can mark and sweep; the others tell who has changed since he was last told of.
 * Before it, if somebody wants to know, open TCP connections are counted.
 * Goes step by step between turns of the loop. Ends only when all events from before its end have
 * been sent; else an exit that is still in the ring would be taken for one that nobody saw.
 */
#pragma once

#include "collectord/cmdline.h"
#include "collectord/out.h"
#include "collectord/probes.h"
#include "collectord/ring.h"
#include "common/base.h"
#include "common/loop.h"

struct pass;

struct pass_def {
	const struct probes *probes;
	const struct cmdline *cmdline;
	const struct out *out;
	struct ring *ring;
	uint32_t page_bytes;
	bool capture_args;
};

/* @def's members must outlive the pass. 0 or -errno. */
must_check int pass_new(struct pass **pass, struct loop *loop, const struct pass_def *def);
void pass_free(struct pass *pass);
void pass_freep(struct pass **pass);

enum pass_kind { PASS_CHANGES, PASS_FULL, PASS_FULL_WITH_TEXTS }; /* file names and command lines */

/* Begins one. -EBUSY: one is going on; -ENOBUFS, -ENOTCONN; -errno of the iterator. */
must_check int pass_begin(struct pass *pass, enum pass_kind kind);

/* Whether each pass is to count open TCP connections first, as far as that probe is attached. */
void pass_want_connections(struct pass *pass, bool wanted);

/* CPU time that counting them has taken since the start. */
uint64_t pass_connections_cpu_ns(const struct pass *pass);

/* Nobody listens any more: ends it without a word, and the next listener knows nothing. */
void pass_abort(struct pass *pass);

/* There is room again. */
void pass_room(struct pass *pass);

/* All events up to @time_ns have been sent; UINT64_MAX: all there are. */
void pass_caught_up(struct pass *pass, uint64_t time_ns);

/* The end of a process has been told. */
void pass_exited(struct pass *pass, uint32_t tgid, uint64_t start_ns);

/* When the last full one began; 0: never. */
uint64_t pass_full_begun_ns(const struct pass *pass);
