/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Glob patterns on whole texts. `*`: any bytes, also none and also `/`; `?`: one byte; `[a-z_]`,
 * `[!a-z]`: one byte of (not of) a set, in which a `]` or `!` to be meant itself stands first
 * (after the `!`) or last; everything else, also a backslash, is itself. Pure: no locale, no
 * recursion, at most pattern × text steps.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

/* Whether the whole @text fits @pattern. An open bracket matches nothing. */
bool glob_match(const char *pattern, struct text text);

/* Returns 0, or -EINVAL and in *why (static text) what is wrong: an open bracket, an empty or
 * reversed range. */
must_check int glob_check(const char *pattern, const char **why);
