/* SPDX-License-Identifier: AGPL-3.0-only */
/* Takes frames off a stream socket and checks each against the table. What does not fit ends the connection. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct frame_reader {
	enum way way;
	bool descriptors;   /* read header first, then exactly the payload: the kernel must not merge frames */
	uint64_t sequence;  /* of the last frame */
	size_t start, end;  /* data[start, end) is unread */
	int fd;             /* came with the frame being read, or -1 */
	char *data;         /* FRAME_BYTES_MAX bytes */
	uint64_t *body;     /* the current frame's payload and tail, aligned */
};

must_check int frame_reader_init(struct frame_reader *reader, enum way way, bool descriptors);
void frame_reader_done(struct frame_reader *reader);

/* A new connection: forgets what was read. */
void frame_reader_reset(struct frame_reader *reader);

/*
 * trust: bytes and descriptors of a peer. 1: @frame (valid until the next call) and *fd (the caller's, or -1); 0: nothing
 * whole yet; -EPIPE: the peer has closed; -EPROTO: what came breaks the protocol, *why says how; -errno.
 */
must_check int frame_reader_next(struct frame_reader *reader, int sock, struct frame *frame, int *fd, const char **why);

/* True if frame_reader_next() has something to say without reading: a whole frame, or a header it refuses. */
bool frame_reader_has_next(const struct frame_reader *reader);
