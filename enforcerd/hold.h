/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The kill switch: while it is on, no signal is sent. On by an approver's word until an approver's
 * word, or as long as the file /etc/linnix/hold exists. Only remembers and looks; who may hold is
 * decided elsewhere.
 */
#pragma once

#include "common/base.h"

#define HOLD_FILE "/etc/linnix/hold"

struct hold {
	int etc_fd;
	bool decided; /* by an approver */
	char by[129];
	uint64_t since_wall_ns;
	const char *file; /* what the file says: NULL: nothing */
	uint64_t file_since_wall_ns;
};

/* Before the sandbox: opens @etc ("/etc"), so that linnix/ may be made later. 0 or -errno. */
must_check int hold_open(struct hold *hold, const char *etc);

/* Looks for the file. What cannot be looked up holds. True if that has changed. */
bool hold_look(struct hold *hold, uint64_t wall_ns);

/* Who holds, NULL if nobody. */
const char *hold_by(const struct hold *hold);
uint64_t hold_since(const struct hold *hold);
