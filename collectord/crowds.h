/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Processes of so many threads that the kernel program gives each thread by itself: keeps their
 * samples until the pass has shown all threads, and adds those up. Pure and bounded; counts what it
 * refuses.
 */
#pragma once

#include "collectord/decode.h"

#define CROWDS_MAX 64

struct crowd {
	struct decoded leader; /* type DECODED_THREAD until it has come */
	char exe[256];	       /* what its text borrows */
	struct sample sum;     /* of the threads; only the sums and who it is */
};

struct crowds {
	struct crowd *all; /* NULL until the first one comes */
	unsigned count;
	uint64_t refused;
};

void crowds_done(struct crowds *crowds);

/* Takes a SAMPLE that is apart, or a DECODED_THREAD. False: no place; the sample is told as it is.
 */
bool crowds_add(struct crowds *crowds, const struct decoded *decoded);

/* All threads have come: the next process with what they have used, borrowed until crowds_drop().
 * NULL: no more. */
const struct decoded *crowds_next(struct crowds *crowds);
void crowds_drop(struct crowds *crowds);

/* Forgets all of a pass. */
void crowds_reset(struct crowds *crowds);
