/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A made-up host of any size and for any time, as the frames collectord would send of it: services
 * and sessions that stand, jobs that come and go, passes that tell what has changed. The same plan
 * gives the same bytes. Writes no files.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct synthetic_plan {
	uint64_t seed;
	uint32_t processes;	  /* that stand all the time */
	uint32_t seconds;	  /* of virtual time, a pass in each */
	uint32_t events_per_sec;  /* FORK, EXEC and EXIT of jobs, in equal parts */
	uint32_t changed_per_sec; /* processes of which a pass has news */
	uint32_t full_every_secs; /* full passes */
	uint32_t storm_every_secs; /* three seconds in which all jobs are one process's; 0: never */
	uint32_t storm_events_per_sec; /* then instead; 0: as ever */
	bool same_texts;	       /* one command line for each program */
};

struct synthetic_totals {
	uint64_t frames, bytes;
	uint32_t storms;
};

/*
 * Plays @plan: each frame of the events link is given to @take, which returns 0 to go on. Returns
 * what @take last did, or -ENOMEM.
 */
must_check int synthetic_play(const struct synthetic_plan *plan,
	int (*take)(void *ctx, const void *frame, size_t bytes), void *ctx,
	struct synthetic_totals *totals);
