/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Frames that apid must get: kept until it acknowledges them, sent again on each new connection,
 * bounded: the oldest is given up and counted. So the evidence of an incident may be given up and
 * the incident not: each INCIDENT says all of its state. Knows no socket.
 */
#pragma once

#include <sys/queue.h>

#include "common/base.h"
#include "proto/frame.h"

/* An incident with its evidence is about a hundred frames and 40 KiB. */
#define FEED_QUEUE_MAX	     16384
#define FEED_QUEUE_BYTES_MAX (8U << 20)

struct feed_entry {
	TAILQ_ENTRY(feed_entry) order;
	uint64_t sequence; /* on this connection; 0: not sent yet */
	size_t size;	   /* in memory */
	struct frame frame; /* borrows bytes */
	uint64_t bytes[];
};

TAILQ_HEAD(feed_list, feed_entry);

struct feed_queue {
	struct feed_list entries; /* oldest first; the sent ones before the others */
	struct feed_entry *unsent; /* the oldest; NULL: all are sent */
	unsigned count;
	size_t bytes;
	uint64_t discarded;
};

void feed_queue_init(struct feed_queue *queue);
void feed_queue_done(struct feed_queue *queue);

/* Adds a copy. -ENOMEM, -ENOBUFS: nothing added, counted as discarded. */
must_check int feed_queue_add(
	struct feed_queue *queue, unsigned type, const void *payload, const struct text *texts);

/* The oldest that has not been sent on this connection, or NULL. */
struct feed_entry *feed_queue_unsent(const struct feed_queue *queue);

/* The oldest unsent one left as frame @sequence of this connection. */
void feed_queue_sent(struct feed_queue *queue, uint64_t sequence);

/* Everything up to @sequence has arrived for good. */
void feed_queue_acknowledge(struct feed_queue *queue, uint64_t sequence);

/* The connection is gone: all must be sent again. */
void feed_queue_disconnected(struct feed_queue *queue);

/* The texts of a frame as frame_write() and link_send() want them. */
void frame_texts(const struct frame *frame, struct text *texts);
#define FRAME_TEXTS_MAX 16
