/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * How much memory a rule may need at worst, from the bounds of all that it keeps. Without what the
 * allocator adds, and without the library's compiled regular expression. Pure.
 */
#pragma once

#include "ruled/rule.h"

size_t bound_of_rule(const struct rule_def *rule);
