/* SPDX-License-Identifier: AGPL-3.0-only */
/* Frames waiting to be written to one peer: a bounded byte queue with the descriptors that belong to some of them. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define FRAME_QUEUE_FDS 64

struct frame_queue {
	char *data;
	size_t start, end, size; /* data[start, end) waits */
	size_t bytes_max;
	uint64_t sequence; /* of the last frame added */
	struct {
		uint64_t position; /* in all bytes ever added: the first byte of its frame */
		int fd;
	} fds[FRAME_QUEUE_FDS];
	unsigned fd_count;
	uint64_t added; /* bytes ever added; positions of descriptors count in it */
};

void frame_queue_init(struct frame_queue *queue, size_t bytes_max);

/* Empties the queue, closes descriptors, frees memory. The queue can be used again; sequence starts anew. */
void frame_queue_reset(struct frame_queue *queue);

/* @fd ≥ 0 is duplicated. -ENOBUFS: full; -ENOMEM; -errno of dup. Nothing is added then. */
must_check int frame_queue_add(struct frame_queue *queue, unsigned type, const void *payload, const struct text *texts,
	int fd);

/* Writes to the non-blocking socket @sock. 0: all written; -EAGAIN: the peer takes no more now; -errno. */
must_check int frame_queue_write(struct frame_queue *queue, int sock);

static inline size_t frame_queue_bytes(const struct frame_queue *queue)
{
	return queue->end - queue->start;
}
