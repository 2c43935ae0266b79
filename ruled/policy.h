/* SPDX-License-Identifier: AGPL-3.0-only */
/* What ruled may do: read its rules and talk over its three sockets. */
#pragma once

#include "common/policy.h"

/* paths[RULED_PATH_RULES] is replaced by the directory of the rules file. */
enum ruled_path { RULED_PATH_RULES, RULED_PATH_ETC, RULED_PATH_PROC, RULED_PATHS };

extern const struct policy ruled_policy;
