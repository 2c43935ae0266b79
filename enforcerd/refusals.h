/* SPDX-License-Identifier: AGPL-3.0-only */
/* How often refusals are written down: one line a second per uid, the others counted. Bounded.
 * Pure. */
#pragma once

#include <sys/types.h>

#include "common/base.h"

#define REFUSALS_MAX 64

struct refusal {
	bool used;
	uid_t uid; /* (uid_t)-1: nobody knows */
	uint64_t last_ns;
	uint64_t suppressed;
};

struct refusals {
	struct refusal places[REFUSALS_MAX];
};

/* True: write this one. False: it has been counted. When all places are taken by others, everybody
 * else shares one. */
bool refusals_pass(struct refusals *refusals, uid_t uid, uint64_t now_ns);

/*
 * Takes the next uid whose second is over and for whom some were counted. False: none. Call until
 * false, each second.
 */
bool refusals_take(struct refusals *refusals, uint64_t now_ns, uid_t *uid, uint64_t *suppressed);
