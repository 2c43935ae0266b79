/* SPDX-License-Identifier: AGPL-3.0-only */
/* What apid may do. Data only. */
#pragma once

#include "common/policy.h"

extern const struct policy apid_policy;
