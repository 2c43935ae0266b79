/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Decisions of people, passed on: apid checks only their form. Who decides, and whether it may be
 * done, is enforcerd's to say; without its proof of the connection nothing is passed on.
 */
#pragma once

#include "apid/answer.h"

/* POST …/approve, …/reject, /enforcement/hold, /enforcement/resume, /rules/mute. */
void decide(struct exchange *exchange);

/* @frame: DECIDED. */
void decide_done(struct apid *apid, const struct frame *frame);

/* enforcerd has not answered in time. */
void decide_late(struct connection *connection);

/* enforcerd is gone: nothing that waits for it will be answered. */
void decide_down(struct apid *apid);
