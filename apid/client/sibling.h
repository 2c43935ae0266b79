/* SPDX-License-Identifier: AGPL-3.0-only */
/* The daemons as tools: those beside this program, else those of the PATH. */
#pragma once

#include "common/base.h"

/* Becomes @argv[0], "linnix-ruled" for one. Returns only if that failed: EXIT_NO, said. */
int sibling_exec(char *const argv[]);
