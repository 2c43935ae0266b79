/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Decides what is to be done without when collecting costs more CPU than it may: looks at ten
 * seconds at a time; over the limit the costliest part that can be spared goes off; after five
 * minutes below half of it the one that went last comes back. Pure: knows readings, never the time.
 */
#pragma once

#include "common/base.h"

#define BUDGET_WINDOW_NS (10 * NSEC_PER_SEC)
#define BUDGET_CALM_NS	 (300 * NSEC_PER_SEC)
#define BUDGET_WORTH	 1000 /* what takes less than one such part of a core stays: it would save nothing */

/* What can be spared; of two that cost the same the first goes. */
enum budget_part { BUDGET_CONNECTIONS, BUDGET_CONNECTS, BUDGET_ARGS, BUDGET_PARTS };

/* Sums since some beginning; one that shrinks, as an estimate may, counts as unchanged. */
struct budget_reading {
	uint64_t time_ns;
	uint64_t used_ns;		/* CPU time of everything */
	uint64_t part_ns[BUDGET_PARTS]; /* of it */
};

struct budget {
	uint32_t limit_pct; /* of one core */
	struct budget_reading begin;
	bool begun;
	uint64_t calm_ns; /* for so long it has cost less than half */
	enum budget_part off[BUDGET_PARTS];
	unsigned off_count;
};

enum budget_verdict { BUDGET_KEEP, BUDGET_SWITCH_OFF, BUDGET_SWITCH_ON };

struct budget_decision {
	enum budget_verdict verdict;
	enum budget_part part;
	uint32_t used_permille; /* of one core */
};

void budget_init(struct budget *budget, uint32_t limit_pct);

/*
 * @spare: bit for each part that works now. What the decision says is taken as done.
 */
struct budget_decision budget_look(
	struct budget *budget, const struct budget_reading *now, unsigned spare);
