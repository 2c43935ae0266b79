/* SPDX-License-Identifier: AGPL-3.0-only */
/* What collectord may do. */
#pragma once

#include "common/policy.h"

extern const struct policy collectord_policy;
