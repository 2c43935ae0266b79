/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link with ruled: proposals in; verdicts, what becomes of them, and mutes out. */
#pragma once

#include "common/link.h"
#include "enforcerd/core.h"

struct proposals_link {
	struct link *link;
	struct core *core;
	bool foreign_pids; /* ruled is in another pid namespace */
};

must_check int proposals_link_open(struct proposals_link *p, struct loop *loop, uid_t ruled);
void proposals_link_done(struct proposals_link *p);

/* Tells the ruled that proposed @job its state, if it is the one connected. */
void proposals_link_tell(struct proposals_link *p, const struct job *job);

/* Tells ruled, if it is connected, what is muted or is no more; all that is, it hears when it
 * connects. */
void proposals_link_mute(struct proposals_link *p, const struct muting *muting);
