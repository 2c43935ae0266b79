/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Takes secrets out of an argument list before anybody else sees it. One table says what a secret
 * looks like; in doubt too much goes rather than too little. Pure.
 */
#pragma once

#include "common/base.h"

/*
 * Writes @len bytes of arguments (NUL between them, a NUL at the end or not) into @out, joined by
 * spaces, each secret replaced by "***". @truncated: the last argument goes on where @args ends.
 * The result holds no NUL, is not terminated, and is cut at @size bytes. Returns its length.
 */
size_t redact_args(const char *args, size_t len, bool truncated, char *out, size_t size);
