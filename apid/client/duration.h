/* SPDX-License-Identifier: AGPL-3.0-only */
/* Times as people write them: 90s, 5m, 2h, 1d. Pure. */
#pragma once

#include "common/base.h"

#define DURATION_MAX_SECS (366ULL * 86400)

/* A whole number and s, m, h or d, up to DURATION_MAX_SECS. 0, -EINVAL or -ERANGE. */
must_check int duration_parse(const char *text, uint64_t *seconds);

#define DURATION_TEXT_SIZE 32

/* The other way round, to two units: "1d 2h", "3m 20s", "12s". Returns @out. */
const char *duration_text(uint64_t seconds, char out[DURATION_TEXT_SIZE]);
