/* SPDX-License-Identifier: AGPL-3.0-only */
/* Rights go down here, once; then they are proven. Failing is fatal to the caller. */
#pragma once

#include <sys/types.h>

#include "common/account.h"
#include "common/base.h"
#include "common/policy.h"

/*
 * From root, or from the daemon's own user with ambient capabilities: nice, bounding set (as far as rights allow), user
 * and groups of @account, exactly policy->caps_kept in the permitted and effective sets, nothing inheritable or ambient,
 * no_new_privs, not dumpable. -EPERM when started as another user than @account without being root.
 */
must_check int privs_drop(const struct policy *policy, const struct account *account);

/*
 * Reads /proc/self/status and compares it with @policy and @account: uids, gids, groups, capability sets, NoNewPrivs,
 * and Seccomp if @filtered. Returns 0, or -EPERM with what differs in @why (at most @size bytes).
 */
must_check int privs_prove(const struct policy *policy, const struct account *account, bool filtered, char *why,
	size_t size);
