/* SPDX-License-Identifier: AGPL-3.0-only */
/* Numbers as a line of small bars. Pure. */
#pragma once

#include "common/base.h"

#define SPARKLINE_MAX  64
#define SPARKLINE_SIZE (SPARKLINE_MAX * 3 + 1)

/* The last SPARKLINE_MAX of @count values from their lowest to their highest; what is no number is
 * a blank. */
const char *sparkline(const double *values, size_t count, char out[SPARKLINE_SIZE]);
