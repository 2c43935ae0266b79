/* SPDX-License-Identifier: AGPL-3.0-only */
/* What enforcerd may do: data only. */
#pragma once

#include "common/policy.h"

extern const struct policy enforcerd_policy;
