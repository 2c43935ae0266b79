/* SPDX-License-Identifier: AGPL-3.0-only */
/* Reads a regular file whole, up to a bound. Never blocks on a FIFO, a device or a directory: it
 * refuses them. */
#pragma once

#include "common/base.h"

/*
 * Reads @path, relative to the directory @dirfd (AT_FDCWD: the current one), into a new buffer that
 * the caller frees; a NUL follows the @len bytes. Returns 0, -EINVAL if it is no regular file,
 * -EFBIG if it is longer than
 * @max bytes, or -errno.
 */
must_check int read_file(int dirfd, const char *path, size_t max, char **data, size_t *len);
