/* SPDX-License-Identifier: AGPL-3.0-only */
/* Field checks of payloads, one table: what a frame of the right length may still not say. Pure. */
#pragma once

#include "common/base.h"

/* trust: a payload from another process or a file. 0, or -EPROTO with static text in *why. */
must_check int check_payload(unsigned type, const void *payload, const char **why);
