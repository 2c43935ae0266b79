/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/boot.h"
#include "common/clock.h"
#include "common/frame_queue.h"
#include "common/frame_reader.h"
#include "common/link_socket.h"
#include "common/log.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 500
#define HELLO_DEADLINE_MS 5000
#define FRAMES_PER_TURN 4096    /* then others get their turn */
#define FLUSH_EARLY_BYTES 65536 /* one big write rather than waiting for the turn's end */

struct link {
	const struct link_def *def;
	struct loop *loop;
	void *ctx;
	uid_t peer_uid;
	char path[108];
	int listen_fd, fd;
	struct loop_event *listen_watch, *watch;
	struct loop_event *timer; /* the next attempt to connect, or the deadline of the peer's HELLO */
	uint64_t backoff_ms;
	struct frame_queue queue;
	struct frame_reader reader;
	bool greeted; /* the peer's HELLO has come and was right */
	int broken;   /* error of a write; closed after the turn */
	bool blocked; /* the peer takes no more until the socket says so */
	bool full;    /* link_send() has said -ENOBUFS since the queue was empty */
	struct log_limit refusals, changes; /* of this link alone: a bad peer cannot silence lines about another */
};

static void try_connect(void *ctx);

const char *run_directory(void)
{
	const char *directory = getenv("LINNIX_RUN_DIR");

	return directory && directory[0] == '/' ? directory : "/run/linnix";
}

/* How reading and writing say that the peer has closed, which is no fault of its. */
static bool is_end(int r)
{
	return r == -EPIPE || r == -ECONNRESET;
}

/* The wait is over; a listening end that was out of descriptors may look again. */
static void end_wait(struct link *link)
{
	loop_timer_stop(link->timer);
	if (link->listen_watch)
		loop_fd_want(link->listen_watch, true, false);
}

/* Ends the connection, if any; a connecting end tries again soon. @why finishes the log line. */
static void close_link(struct link *link, const char *why)
{
	bool greeted = link->greeted;

	if (link->fd < 0)
		return;
	loop_event_free(TAKE_PTR(link->watch));
	close_fd(&link->fd);
	frame_queue_reset(&link->queue);
	frame_reader_reset(&link->reader);
	link->greeted = link->blocked = link->full = false;
	link->broken = 0;
	end_wait(link);
	if ((greeted || strcmp(why, "closed") != 0) && log_limit_pass(&link->refusals))
		log_warn("%s link with %s: %s", link->def->name, role_name(link->def->peer), why);
	if (greeted && link->def->on_down)
		link->def->on_down(link, link->ctx);
	if (!link->def->listens)
		loop_timer_once(link->timer, link->backoff_ms);
}

static int check_hello(struct link *link, const struct hello *hello, const char **why)
{
	const struct boot *boot = boot_get();

	*why = "HELLO of another protocol version";
	if (hello->magic != PROTOCOL_MAGIC || hello->version != PROTOCOL_VERSION)
		return -EPROTO;
	*why = "HELLO of another role";
	if (hello->role != link->def->peer)
		return -EPROTO;
	*why = "HELLO of another boot";
	return memcmp(hello->boot_id, boot->id, sizeof(boot->id)) == 0 ? 0 : -EPROTO;
}

static int on_hello(struct link *link, const struct frame *frame, const char **why)
{
	const struct hello *hello = frame->payload;
	int r;

	if (link->greeted) {
		*why = "HELLO came twice";
		return -EPROTO;
	}
	r = check_hello(link, hello, why);
	if (r < 0)
		return r;
	link->greeted = true;
	link->backoff_ms = BACKOFF_FIRST_MS;
	end_wait(link);
	if (log_limit_pass(&link->changes))
		log_info("%s link with %s: up", link->def->name, role_name(link->def->peer));
	if (link->def->on_up)
		link->def->on_up(link, hello, link->ctx);
	return 0;
}

/* trust: from here on the frame is well-formed; whether it makes sense is the handler's to say. */
static int dispatch(struct link *link, const struct frame *frame, int *fd, const char **why)
{
	const struct link_def *def = link->def;

	if (frame->header.type == FRAME_HELLO)
		return on_hello(link, frame, why);
	*why = "frame before HELLO";
	if (!link->greeted)
		return -EPROTO;
	*why = "frame that cannot be";
	for (size_t i = 0; i < def->handler_count; i++)
		if (def->handlers[i].type == frame->header.type)
			return def->handlers[i].handle(link, frame, fd, link->ctx);
	*why = "frame that is not expected here";
	return -EPROTO;
}

static void on_readable(void *ctx)
{
	struct link *link = ctx;

	/* No event tells of frames that are already in the reader: none is left there. */
	for (unsigned i = 0; i < FRAMES_PER_TURN || frame_reader_has_next(&link->reader); i++) {
		_cleanup_close_ int fd = -1;
		struct frame frame = {0};
		const char *why = "read failed";
		int r = frame_reader_next(&link->reader, link->fd, &frame, &fd, &why);

		if (r == 0)
			return;
		if (r == 1)
			r = dispatch(link, &frame, &fd, &why);
		if (r < 0) {
			char line[160];

			snprintf(line, sizeof(line), "%s%s%s", is_end(r) ? "closed" : why,
				frame.spec ? ": " : "", frame.spec ? frame.spec->name : "");
			close_link(link, line);
			return;
		}
	}
}

/* Writes what the peer takes now; an error is for link_flush() to act upon. */
static void write_some(struct link *link)
{
	int r = frame_queue_write(&link->queue, link->fd);

	link->blocked = r == -EAGAIN;
	link->broken = link->blocked ? 0 : r;
	loop_fd_want(link->watch, true, link->blocked);
}

void link_flush(struct link *link)
{
	if (link->fd < 0)
		return;
	if (!link->blocked && !link->broken)
		write_some(link);
	if (link->broken) {
		close_link(link, is_end(link->broken) ? "closed" : strerror(-link->broken));
		return;
	}
	if (link->full && frame_queue_bytes(&link->queue) <= link->def->queue_bytes_max / 2) {
		link->full = false;
		if (link->def->on_room)
			link->def->on_room(link, link->ctx);
	}
}

static void flush(void *ctx)
{
	link_flush(ctx);
}

static void on_writable(void *ctx)
{
	struct link *link = ctx;

	link->blocked = false;
	link_flush(link);
}

static int send_frame(struct link *link, unsigned type, const void *payload, const struct text *texts, int fd)
{
	int r = frame_queue_add(&link->queue, type, payload, texts, fd);

	if (r == -ENOBUFS)
		link->full = true;
	if (r < 0)
		return r;
	loop_again(link->loop);
	if (frame_queue_bytes(&link->queue) >= FLUSH_EARLY_BYTES && !link->blocked)
		write_some(link);
	return 0;
}

int link_send_fd(struct link *link, unsigned type, const void *payload, const struct text *texts, int fd)
{
	if (!link->greeted || link->broken)
		return -ENOTCONN;
	return send_frame(link, type, payload, texts, fd);
}

int link_send(struct link *link, unsigned type, const void *payload, const struct text *texts)
{
	return link_send_fd(link, type, payload, texts, -1);
}

static void on_silence(void *ctx)
{
	close_link(ctx, "no HELLO in time");
}

static int greet(struct link *link)
{
	const struct boot *boot = boot_get();
	struct hello hello = {
		.magic = PROTOCOL_MAGIC,
		.version = PROTOCOL_VERSION,
		.role = (uint16_t)link->def->self,
		.pidns_ino = boot->pidns_ino,
		.pid = (uint32_t)getpid(),
		.start_ns = boot->start_ns,
	};

	memcpy(hello.boot_id, boot->id, sizeof(hello.boot_id));
	return send_frame(link, FRAME_HELLO, &hello, NULL, -1);
}

/* One timer serves all waits: for a HELLO, for the next attempt to connect, for descriptors to accept with. */
static void on_timer(void *ctx)
{
	struct link *link = ctx;

	end_wait(link);
	if (link->fd >= 0 && !link->greeted)
		on_silence(link);
	else if (link->fd < 0 && !link->def->listens)
		try_connect(link);
}

/* Takes over a connected socket whose peer has been checked. */
static int adopt(struct link *link, int *fd)
{
	int r = loop_fd_new(link->loop, *fd, on_readable, on_writable, link, &link->watch);

	if (r < 0)
		return r;
	link->fd = TAKE_FD(*fd);
	loop_timer_once(link->timer, HELLO_DEADLINE_MS);
	return greet(link);
}

/* Out of descriptors or memory: who waits to be accepted would wake us without end. */
static void rest(struct link *link, int error)
{
	if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
		return;
	if (log_limit_pass(&link->refusals))
		log_warn_r(-error, "%s link: accepting", link->def->name);
	loop_fd_want(link->listen_watch, false, false);
	if (link->fd < 0 || link->greeted)
		loop_timer_once(link->timer, BACKOFF_MAX_MS);
}

static void on_connection(void *ctx)
{
	struct link *link = ctx;
	_cleanup_close_ int fd = accept4(link->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	uid_t uid;
	int r;

	if (fd < 0) {
		rest(link, errno);
		return;
	}
	r = link_socket_peer(fd, &uid);
	if (r < 0 || uid != link->peer_uid) {
		if (log_limit_pass(&link->refusals))
			log_warn("%s link: connection of uid %u refused", link->def->name, r < 0 ? (unsigned)-1 : uid);
		return;
	}
	/* The same daemon again: its older connection is one it has lost. */
	close_link(link, "replaced by a new connection");
	r = adopt(link, &fd);
	if (r < 0)
		log_warn_r(r, "%s link", link->def->name);
}

/* What connecting says as long as the peer has not started, or is busy. */
static bool is_absence(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -EAGAIN;
}

static void try_connect(void *ctx)
{
	struct link *link = ctx;
	_cleanup_close_ int fd = -1;
	int r = link_socket_connect(link->path, link->peer_uid, &fd);

	link->backoff_ms = MIN(link->backoff_ms * 2, BACKOFF_MAX_MS);
	if (r == 0)
		r = adopt(link, &fd);
	if (r < 0)
		loop_timer_once(link->timer, link->backoff_ms);
	if (r < 0 && !is_absence(r) && log_limit_pass(&link->refusals))
		log_warn_r(r == -EPERM ? 0 : r, "%s link: %s%s%s", link->def->name, link->path,
			r == -EPERM ? " does not belong to " : "", r == -EPERM ? role_name(link->def->peer) : "");
}

int link_new(struct loop *loop, const struct link_def *def, uid_t peer_uid, void *ctx, struct link **link)
{
	_cleanup_(link_freep) struct link *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	*l = (struct link){.def = def, .loop = loop, .ctx = ctx, .peer_uid = peer_uid, .listen_fd = -1, .fd = -1,
		.backoff_ms = BACKOFF_FIRST_MS / 2};
	frame_queue_init(&l->queue, def->queue_bytes_max);
	if (snprintf(l->path, sizeof(l->path), "%s/%s", run_directory(), def->socket) >= (int)sizeof(l->path))
		return -ENAMETOOLONG;
	r = frame_reader_init(&l->reader, def->in, def->descriptors);
	if (r == 0)
		r = loop_timer_new(loop, on_timer, l, &l->timer);
	if (r == 0)
		r = loop_after_turn(loop, flush, l);
	if (r == 0)
		*link = TAKE_PTR(l);
	return r;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	/* The last words (a final state, SELF with pid 0) leave if the peer takes them at once. */
	if (link->fd >= 0)
		(void)!frame_queue_write(&link->queue, link->fd);
	loop_after_turn_end(link->loop, flush, link);
	loop_event_free(link->watch);
	loop_event_free(link->listen_watch);
	loop_event_free(link->timer);
	close_fd(&link->fd);
	/* The socket's file stays: removing it would take a right for all our life; the next start replaces it. */
	close_fd(&link->listen_fd);
	frame_queue_reset(&link->queue);
	frame_reader_done(&link->reader);
	free(link);
}

void link_freep(struct link **link)
{
	link_free(*link);
}

int link_open(struct link *link)
{
	int r;

	if (!link->def->listens) {
		try_connect(link);
		return 0;
	}
	r = link_socket_listen(link->path, link->def->group, 0660, &link->listen_fd);
	if (r < 0)
		return r;
	return loop_fd_new(link->loop, link->listen_fd, on_connection, NULL, link, &link->listen_watch);
}

bool link_is_up(const struct link *link)
{
	return link->greeted;
}

uint64_t link_sequence(const struct link *link)
{
	return link->queue.sequence;
}

size_t link_queued(const struct link *link)
{
	return frame_queue_bytes(&link->queue);
}
