/* SPDX-License-Identifier: AGPL-3.0-only */
/* Between an approval and its outcome: waits until the approval is on the disk, has the act
 * started, reports how it ended. */
#pragma once

#include "enforcerd/core.h"

/* What act.c asks and tells; with the enforcer as its context. */
extern const struct act_callbacks execute_callbacks;

/* An audit line is on the disk (@r 0) or is not. For audit_start(). */
void execute_on_audit(enum audit_kind kind, uint64_t action, int r, void *ctx);

/* Each second, for an approved action. */
void execute_tick(struct core *core, struct job *job, uint64_t now_ns);
