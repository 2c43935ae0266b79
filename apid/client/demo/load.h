/* SPDX-License-Identifier: AGPL-3.0-only */
/* The failures themselves. Each runs in the process that crew.h has started, never returns, and is
 * bounded by what that one's limits and its own counts allow. */
#pragma once

#include "common/base.h"

typedef void load_fn(void); /* does not return */

/* How much each makes of what its detector counts. */
#define LOAD_FORKS_PER_SEC 25
#define LOAD_JOBS_PER_SEC  20
#define LOAD_MB_PER_SEC	   8
#define LOAD_MB_MAX	   200
#define LOAD_FILES	   256 /* the soft limit */
#define LOAD_FILES_PCT	   95  /* of them are open */
#define LOAD_BUSY_CHILDREN 4

load_fn load_fork_storm;   /* children that sleep for two seconds */
load_fn load_short_jobs;   /* children that end at once */
load_fn load_memory_leak;  /* touches page by page */
load_fn load_cpu_spike;	   /* one busy process */
load_fn load_runaway_tree; /* a busy parent and its busy children */
load_fn load_fd_leak;	   /* opens and does not close */
