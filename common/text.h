/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Text that came from processes, made safe to show: valid UTF-8 stays; other bytes, control characters, those
 * that turn or break lines, and backslash become \xHH. The same rule in JSON, audit, logs and the client. Pure.
 */
#pragma once

#include "common/base.h"

/*
 * Escapes @len bytes of @data into @out (NUL-terminated, at most @size - 1 bytes; never cuts inside a character or an
 * escape). Returns the bytes written without the NUL.
 */
size_t text_escape(const char *data, size_t len, char *out, size_t size);

/* The length of the valid, shown-as-is UTF-8 character at @data (1–4), or 0 if its first byte must be escaped. */
size_t text_utf8_length(const char *data, size_t len);

/* True if @data is valid UTF-8 without control characters (C0, DEL, C1) and those that turn or break lines. */
bool text_is_plain(const char *data, size_t len);

/* An unsigned decimal number: digits only, no sign, no leading zero but "0" itself. 0, -EINVAL or -ERANGE. */
must_check int text_to_u64(const char *data, size_t len, uint64_t max, uint64_t *value);
