/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What a recording would have told: alerts as JSON lines on a stream. Needs no rights; tells no lie
 * about a damaged file.
 */
#pragma once

#include <stdio.h>

#include "ruled/ruleset.h"

/* Takes @ruleset. 0, or -errno after saying what is wrong and where. */
must_check int replay(const char *path, struct ruleset *ruleset, uint64_t retention_ns, FILE *out);
