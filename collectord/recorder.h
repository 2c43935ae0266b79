/* SPDX-License-Identifier: AGPL-3.0-only */
/* Writes what the stream tells to a file instead of a link. Never reads one. */
#pragma once

#include <stdio.h>

#include "collectord/out.h"
#include "common/base.h"

struct recorder {
	FILE *file;
	uint64_t sequence;
	int error; /* the first one, -errno */
	struct out out;
	char buffer[FRAME_BYTES_MAX];
};

/* Creates @path (0600; replaces a file) and writes the header. Fills @recorder->out. 0 or -errno.
 */
must_check int recorder_open(struct recorder *recorder, const char *path);

/* 0, or the first error of any write. */
must_check int recorder_close(struct recorder *recorder);
