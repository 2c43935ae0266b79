/* SPDX-License-Identifier: AGPL-3.0-only */
/* Closes the door behind a daemon that has dropped its rights: limits, Landlock, seccomp. One way only. */
#pragma once

#include "common/base.h"
#include "common/policy.h"

enum sandbox_mode { SANDBOX_KILL, SANDBOX_LOG };

/*
 * Before any thread exists. @state: the directory that "$STATE" stands for, or NULL. A kernel without Landlock is no
 * error (*landlock_abi 0 then, if not NULL); everything else that fails is. A system call the policy does not list kills
 * the process (SANDBOX_LOG: is logged by the kernel's audit).
 */
must_check int sandbox_enter(const struct policy *policy, enum sandbox_mode mode, const char *state, int *landlock_abi);
