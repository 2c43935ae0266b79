/* SPDX-License-Identifier: AGPL-3.0-only */
/* Finds out what must be kept, keeps no more, and proves it. */
#pragma once

#include "collectord/probes.h"
#include "common/account.h"
#include "common/base.h"
#include "common/policy.h"
#include "common/sandbox.h"

/*
 * Some kernels (before 5.19) refuse to start an iterator without rights. A child drops everything
 * and tries; if it cannot,
 * @policy is changed to keep what loading needed. 0 or -errno.
 */
must_check int rights_probe(
	struct policy *policy, const struct account *account, const struct probes *probes);
