/* SPDX-License-Identifier: AGPL-3.0-only */
/* Between an approval and its outcome: waits until the approval is on the disk, has the act
 * started, reports how it ended. */
#pragma once

#include "enforcerd/audit_line.h"
#include "enforcerd/enforcer.h"

must_check int execute_open(struct enforcerd *e);
void execute_close(void);

/* An audit line is on the disk (@r 0) or is not. For audit_start(). */
void execute_on_audit(enum audit_kind kind, uint64_t action, int r, void *ctx);

/* Each second, for an approved action. */
void execute_tick(struct enforcerd *e, struct job *job, uint64_t now_ns);
