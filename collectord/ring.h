/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The reading end of the kernel's ring buffer. Sleeps until a record wakes it, then looks every 20
 * ms until nothing comes any more: waking for each record would be paid by the process that forks.
 * Hands out records in order; never changes them. While its taker has no room, records stay in the
 * ring, and the kernel counts what does not fit.
 */
#pragma once

#include "common/base.h"
#include "common/loop.h"

struct ring;

struct ring_taker {
	/* One record, 8-byte aligned. 0: taken. -ENOBUFS: not now; it comes again after
	 * ring_resume(). */
	int (*take)(const void *data, size_t len, void *ctx);
	/* Everything that was in the ring has been taken. */
	void (*on_empty)(void *ctx);
	void *ctx;
};

/* @map_fd (borrowed) is a ring of @bytes. *@asleep is how the programs are asked to wake us. 0 or
 * -errno. */
must_check int ring_open(struct ring **ring, struct loop *loop, int map_fd, size_t bytes,
	uint32_t *asleep, const struct ring_taker *taker);
void ring_close(struct ring *ring);
void ring_closep(struct ring **ring);

/* The taker has room again; or: look now, not at the next timer. Returns before anything is taken.
 */
void ring_resume(struct ring *ring);

/* Takes all that is there now, in one turn. */
void ring_finish(struct ring *ring);

/* Bytes of records waiting. */
size_t ring_used(const struct ring *ring);
