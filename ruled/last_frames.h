/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The last frame of each kind that describes a state (host, probes, programs, clock, counters,
 * daemons), for a peer that comes later. Bounded; knows no socket.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define LAST_FRAMES_MAX 64

struct last_frame;

struct last_frames {
	struct last_frame *frames[LAST_FRAMES_MAX];
	unsigned count;
};

void last_frames_done(struct last_frames *last);

/* Keeps a copy of @frame instead of the one before of its type and name (first text, or role). */
void last_frames_keep(struct last_frames *last, const struct frame *frame);

/* The kept frames of @type: start with *cursor 0; NULL at the end. */
const struct frame *last_frames_next(
	const struct last_frames *last, unsigned type, unsigned *cursor);
