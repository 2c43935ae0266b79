/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One end of a link between two daemons: listens or connects (with back-off), checks who is at the other end, exchanges
 * HELLO, checks every frame against the table before its handler runs, queues what is sent (bounded) and flushes after
 * each turn. A peer that breaks a rule loses its connection; this daemon serves on.
 */
#pragma once

#include "common/base.h"
#include "common/loop.h"
#include "proto/frame.h"

struct link;

/*
 * Handles one checked frame. *fd is the descriptor that came with it or -1; take it with TAKE_FD, else it is closed.
 * 0, or -EPROTO (or another -errno): what the frame says cannot be; the link is closed.
 */
typedef int (*link_handler)(struct link *link, const struct frame *frame, int *fd, void *ctx);

struct link_handlers {
	uint16_t type; /* enum frame_type */
	link_handler handle;
};

struct link_def {
	const char *name;   /* "events" */
	const char *socket; /* below the run directory: "ruled/events.sock" */
	const char *group;  /* of the socket: its two ends; used by the listening end */
	enum role self, peer;
	enum way in, out;
	bool listens;
	bool descriptors; /* frames with descriptors come in: read header first, then exactly the payload */
	size_t queue_bytes_max; /* of frames not yet taken by the peer */
	const struct link_handlers *handlers;
	size_t handler_count;
	/* After both HELLOs; before any other frame. Send the state the peer needs. May be NULL. */
	void (*on_up)(struct link *link, const struct hello *peer, void *ctx);
	/* The greeted peer is gone. May be NULL. */
	void (*on_down)(struct link *link, void *ctx);
	/* The queue has room again after link_send() said -ENOBUFS. May be NULL. */
	void (*on_room)(struct link *link, void *ctx);
};

/* @peer_uid: the only uid accepted at the other end. @def and @ctx must outlive the link. */
must_check int link_new(struct loop *loop, const struct link_def *def, uid_t peer_uid, void *ctx, struct link **link);
void link_free(struct link *link);
void link_freep(struct link **link);

/*
 * Listening end: creates the socket (needs the directory; do it before rights are dropped only if the directory is not
 * ours: it is created and owned by the daemon's own user otherwise). Connecting end: starts connecting; never fails for
 * want of a peer.
 */
must_check int link_open(struct link *link);

bool link_is_up(const struct link *link);

/*
 * Queues one frame; it leaves after this turn, or sooner when much is queued. @texts: spec->texts of them or NULL.
 * -ENOTCONN without a greeted peer, -ENOBUFS when the queue is full (nothing is queued).
 */
must_check int link_send(struct link *link, unsigned type, const void *payload, const struct text *texts);
/* The same with a descriptor, which is duplicated. */
must_check int link_send_fd(struct link *link, unsigned type, const void *payload, const struct text *texts, int fd);

/* Sequence number of the last queued frame on this connection. */
uint64_t link_sequence(const struct link *link);

/* Bytes queued and not yet written. */
size_t link_queued(const struct link *link);

/* Writes what the peer takes now. Called after each turn by itself. */
void link_flush(struct link *link);

/* Directory of all sockets: $LINNIX_RUN_DIR or /run/linnix. */
const char *run_directory(void);
