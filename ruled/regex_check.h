/* SPDX-License-Identifier: AGPL-3.0-only */
/* Whether a rule's regular expression compiles and stays cheap however hostile the text. Pure. */
#pragma once

#include "common/base.h"

/* 0, or -EINVAL with the reason in @why. */
must_check int regex_check(const char *pattern, char *why, size_t size);
