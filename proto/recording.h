/* SPDX-License-Identifier: AGPL-3.0-only */
/* A recording: a file header, then the events link's frames as they were sent. Reads and writes files; decides nothing. */
#pragma once

#include <stdio.h>

#include "common/base.h"
#include "proto/frame.h"

/* Writes the file header to @file. 0 or -errno. */
must_check int recording_start(FILE *file);

struct recording {
	FILE *file;
	uint64_t offset; /* of the next frame */
	uint64_t sequence; /* of the last frame; 0 before the first, which may have any */
	size_t at, filled; /* of the buffer: what is not consumed yet */
	uint64_t body[FRAME_BYTES_MAX / sizeof(uint64_t)];
	char buffer[2 * FRAME_BYTES_MAX]; /* read ahead */
};

/* Opens @path and checks its header. -EPROTO: not a recording or of another version; *why is static text. */
must_check int recording_open(struct recording *recording, const char *path, const char **why);
void recording_close(struct recording *recording);

/*
 * Reads and checks the next frame (trust: a file from anywhere). 1: @frame is filled and valid until the next call; 0: the
 * end; -EPROTO: damaged at recording->offset, *why says how; -errno.
 */
must_check int recording_next(struct recording *recording, struct frame *frame, const char **why);
