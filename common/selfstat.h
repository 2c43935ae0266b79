/* SPDX-License-Identifier: AGPL-3.0-only */
/* What a daemon reports about itself in SELF frames. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct selfstat {
	struct self frame;
	int smaps_fd, status_fd;
	uint64_t pss_read_ns; /* PSS is read at most every 10 s */
};

#define SELFSTAT_INIT {.smaps_fd = -1, .status_fd = -1}

/* Opens what is read later; after privs_drop() and before sandbox_enter(). @start_ns: of the daemon. */
must_check int selfstat_open(struct selfstat *stat, enum role role, uint64_t start_ns);
void selfstat_close(struct selfstat *stat);

/* The current figures. Borrowed until the next call. */
const struct self *selfstat_get(struct selfstat *stat);
