/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What an existing audit file tells a starting enforcerd: where its chain ends, which numbers were
 * given, what was under way, whether a hold stands, what is muted, what the last hour has cost.
 * Pure; any bytes.
 */
#pragma once

#include "common/base.h"
#include "common/chain.h"
#include "enforcerd/mutes.h"
#include "proto/frame.h"

#define AUDIT_OPEN_MAX	256
#define AUDIT_LINE_MAX	8192
#define AUDIT_SPENT_MAX 1024 /* executions remembered; more in one hour count as this many */

struct audit_open {
	uint64_t action;
	bool approved, executed;
};

struct audit_past {
	char head[SHA256_HEX_SIZE]; /* hash of the last whole line */
	uint64_t lines;
	uint64_t broken_line; /* number of the first line that does not fit, 0: none */
	bool cut;	      /* the file ends inside a line */
	uint64_t last_action;
	bool held;
	char held_by[129];
	uint64_t held_wall_ns;
	struct mutes mutes;
	unsigned open_count;
	struct audit_open open[AUDIT_OPEN_MAX]; /* the newest, when there were more */
	uint64_t spent_count;
	uint64_t spent_wall_ns[AUDIT_SPENT_MAX]; /* a ring */
	char line[AUDIT_LINE_MAX];		 /* the line being read */
	size_t used;
	bool too_long;
};

void audit_past_init(struct audit_past *past);
/* The next bytes of the file. */
void audit_past_feed(struct audit_past *past, const char *data, size_t len);
/* The end of the file. */
void audit_past_end(struct audit_past *past);
