/* SPDX-License-Identifier: AGPL-3.0-only */
/* Measures an action's target, its tree and the circumstances, and has the gates judge them.
 * Changes nothing but @job's view. */
#pragma once

#include "enforcerd/core.h"

/* Judges everything anew; @with_tree: also every member of a kill_tree's tree, whose first few are
 * kept for people to see. */
void judge_job(struct core *core, struct job *job, bool with_tree);

/* Judges target and circumstances once more; what a member has failed stays failed. */
void judge_again(struct core *core, struct job *job);

/* A member that was found later. False: it must not be signalled, and @job's gates say why. */
bool judge_member(struct core *core, struct job *job, const struct gate_process *process);

/* "gate: reason" of the first gate that fails, or NULL. */
const char *judge_failed(const struct job *job, bool lasting, char *text, size_t size);
