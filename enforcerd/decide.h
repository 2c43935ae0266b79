/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Who may decide, and on what evidence: the client's socket that apid hands over is asked, never
 * apid. Admits or refuses; what follows from a decision is the lifecycle's.
 */
#pragma once

#include "enforcerd/core.h"

/* trust: a socket handed over by apid; taken when it is kept. Fills @proof and its two texts. */
void decide_claim(struct core *core, uint64_t connection, int *fd, struct proof *proof,
	char user[APPROVAL_USER_BYTES], const char **why);

/* The decision of a connection claimed before. Fills @decided; the reason unless DECISION_OK in
 * @detail. */
void decide(
	struct core *core, const struct frame *frame, struct decided *decided, char detail[256]);

/* The next MUTED line is on the disk (@r 0), or lost. */
void decide_mute_logged(struct core *core, int r);

/* Each second: tells how many refusals were not written down. */
void decide_tick(struct core *core);
