/* SPDX-License-Identifier: AGPL-3.0-only */
/* How long the programs lived that ended during the last minute: the newest ones, bounded. Pure. */
#pragma once

#include "common/base.h"

#define LIVES_MAX 512

struct lives {
	struct {
		uint64_t end_ns, life_ns;
	} at[LIVES_MAX];
	unsigned next, count;
	/* What was last asked for, until a life is added. */
	struct {
		uint64_t now_ns, span_ns;
		double limit_ns;
		bool valid, most;
	} asked;
};

void lives_add(struct lives *lives, uint64_t end_ns, uint64_t life_ns);

/* The lower median of the lives that ended within @span_ns before @now_ns; false if none did. */
bool lives_median(
	const struct lives *lives, uint64_t now_ns, uint64_t span_ns, uint64_t *median_ns);

/* True if there is such a median and it is at most @limit_ns; cheaper than to find it. */
bool lives_mostly_within(
	struct lives *lives, uint64_t now_ns, uint64_t span_ns, double limit_ns);
