/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/frame_reader.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_BYTES sizeof(struct frame_header)

int frame_reader_init(struct frame_reader *reader, enum way way, bool descriptors)
{
	*reader = (struct frame_reader){.way = way, .descriptors = descriptors, .fd = -1};
	reader->data = malloc(FRAME_BYTES_MAX);
	reader->body = malloc(FRAME_BYTES_MAX);
	if (!reader->data || !reader->body) {
		frame_reader_done(reader);
		return -ENOMEM;
	}
	return 0;
}

void frame_reader_done(struct frame_reader *reader)
{
	close_fd(&reader->fd);
	free(TAKE_PTR(reader->data));
	free(TAKE_PTR(reader->body));
}

void frame_reader_reset(struct frame_reader *reader)
{
	close_fd(&reader->fd);
	reader->start = reader->end = 0;
	reader->sequence = 0;
}

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EPROTO;
}

/* Takes the descriptors of one message: at most one is kept, more or cut control data is an error. */
static int take_descriptors(struct frame_reader *reader, struct msghdr *message, const char **why)
{
	int r = message->msg_flags & MSG_CTRUNC ? refuse(why, "too many descriptors") : 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg; cmsg = CMSG_NXTHDR(message, cmsg)) {
		size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (reader->fd < 0 && r == 0) {
				reader->fd = fd;
				continue;
			}
			close(fd);
			r = refuse(why, "more than one descriptor");
		}
	}
	return r;
}

/* Reads at most @len bytes behind what is there. 1: some came; 0: nothing now. */
static int read_some(struct frame_reader *reader, int sock, size_t len, const char **why)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = {reader->data + reader->end, len};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n;
	int r;

	do
		n = recvmsg(sock, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	r = take_descriptors(reader, &message, why);
	if (r < 0)
		return r;
	if (n == 0)
		return -EPIPE;
	reader->end += (size_t)n;
	return 1;
}

/* How many bytes the frame at the front needs in all; the header alone as long as it is not whole. */
static int wanted(const struct frame_reader *reader, struct frame_header *header, size_t *bytes, const char **why)
{
	int r;

	*bytes = HEADER_BYTES;
	if (reader->end - reader->start < HEADER_BYTES)
		return 0;
	memcpy(header, reader->data + reader->start, HEADER_BYTES);
	r = frame_check_header(header, reader->way, why);
	if (r < 0)
		return r;
	if (header->sequence != reader->sequence + 1)
		return refuse(why, "frames out of sequence");
	*bytes = header->length;
	return 0;
}

static void make_room(struct frame_reader *reader, size_t bytes)
{
	size_t unread = reader->end - reader->start;

	if (unread > 0 && FRAME_BYTES_MAX - reader->start >= bytes)
		return;
	memmove(reader->data, reader->data + reader->start, unread);
	reader->start = 0;
	reader->end = unread;
}

static int finish(struct frame_reader *reader, const struct frame_header *header, struct frame *frame, int *fd,
	const char **why)
{
	int r;

	if ((reader->fd >= 0) != ((header->flags & FRAME_HAS_FD) != 0))
		return refuse(why, reader->fd >= 0 ? "unexpected descriptor" : "descriptor is missing");
	memcpy(reader->body, reader->data + reader->start + HEADER_BYTES, header->length - HEADER_BYTES);
	r = frame_parse(header, reader->body, frame, why);
	if (r < 0)
		return r;
	reader->sequence++;
	reader->start += header->length;
	*fd = TAKE_FD(reader->fd);
	return 1;
}

int frame_reader_next(struct frame_reader *reader, int sock, struct frame *frame, int *fd, const char **why)
{
	for (;;) {
		struct frame_header header;
		size_t bytes, unread;
		int r = wanted(reader, &header, &bytes, why);

		if (r < 0)
			return r;
		unread = reader->end - reader->start;
		if (unread >= bytes && bytes > HEADER_BYTES)
			return finish(reader, &header, frame, fd, why);
		make_room(reader, bytes);
		r = read_some(reader, sock,
			reader->descriptors ? bytes - unread : FRAME_BYTES_MAX - reader->end, why);
		if (r <= 0)
			return r;
	}
}

bool frame_reader_has_next(const struct frame_reader *reader)
{
	struct frame_header header;
	const char *why;
	size_t bytes;

	return wanted(reader, &header, &bytes, &why) < 0 ||
		(bytes > HEADER_BYTES && reader->end - reader->start >= bytes);
}
