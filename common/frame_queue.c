/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/frame_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#define SIZE_MIN 4096U

void frame_queue_init(struct frame_queue *queue, size_t bytes_max)
{
	*queue = (struct frame_queue){.bytes_max = bytes_max};
}

void frame_queue_reset(struct frame_queue *queue)
{
	for (unsigned i = 0; i < queue->fd_count; i++)
		close(queue->fds[i].fd);
	free(queue->data);
	frame_queue_init(queue, queue->bytes_max);
}

/* Makes room for @bytes at the end: by moving what waits to the front, else by growing up to the bound. */
static int reserve(struct frame_queue *queue, size_t bytes)
{
	size_t waiting = frame_queue_bytes(queue), size = MAX(queue->size, SIZE_MIN);
	char *data;

	if (queue->start > 0 && (waiting == 0 || queue->size - queue->end < bytes)) {
		memmove(queue->data, queue->data + queue->start, waiting);
		queue->start = 0;
		queue->end = waiting;
	}
	if (queue->size - queue->end >= bytes)
		return 0;
	while (size < queue->end + bytes)
		size *= 2;
	data = realloc(queue->data, size);
	if (!data)
		return -ENOMEM;
	queue->data = data;
	queue->size = size;
	return 0;
}

static int keep_fd(struct frame_queue *queue, int fd)
{
	int copy;

	if (fd < 0)
		return 0;
	if (queue->fd_count == FRAME_QUEUE_FDS)
		return -ENOBUFS;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return -errno;
	queue->fds[queue->fd_count].fd = copy;
	queue->fds[queue->fd_count].position = queue->added;
	queue->fd_count++;
	return 0;
}

int frame_queue_add(struct frame_queue *queue, unsigned type, const void *payload, const struct text *texts, int fd)
{
	const struct frame_spec *spec = frame_spec(type);
	size_t most = sizeof(struct frame_header) + spec->payload_bytes;
	long written;
	int r;

	for (unsigned i = 0; texts && i < spec->texts; i++)
		most += texts[i].len;
	most = MIN(most, sizeof(struct frame_header) + spec->payload_bytes + spec->tail_max);
	if (frame_queue_bytes(queue) + most > queue->bytes_max)
		return -ENOBUFS;
	r = reserve(queue, most);
	if (r < 0)
		return r;
	r = keep_fd(queue, fd);
	if (r < 0)
		return r;
	written = frame_write(queue->data + queue->end, queue->size - queue->end, type, queue->sequence + 1, payload,
		texts);
	if (written < 0)
		return (int)written;
	queue->sequence++;
	queue->end += (size_t)written;
	queue->added += (uint64_t)written;
	return 0;
}

/* Sends up to @len bytes from the front, with the first waiting descriptor if @with_fd. */
static ssize_t send_some(struct frame_queue *queue, int sock, size_t len, bool with_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {queue->data + queue->start, len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (with_fd) {
		struct cmsghdr *cmsg;

		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&message);
		*cmsg = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(cmsg), &queue->fds[0].fd, sizeof(int));
	}
	return sendmsg(sock, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void forget_first_fd(struct frame_queue *queue)
{
	close(queue->fds[0].fd);
	queue->fd_count--;
	memmove(&queue->fds[0], &queue->fds[1], queue->fd_count * sizeof(queue->fds[0]));
}

/* How many bytes may go in one call: a frame with a descriptor goes alone, so that the reader sees them together. */
static size_t next_length(const struct frame_queue *queue, bool *with_fd)
{
	uint64_t at = queue->added - frame_queue_bytes(queue);
	struct frame_header header;

	*with_fd = false;
	if (queue->fd_count == 0)
		return frame_queue_bytes(queue);
	if (queue->fds[0].position > at)
		return (size_t)(queue->fds[0].position - at);
	*with_fd = true;
	memcpy(&header, queue->data + queue->start, sizeof(header));
	return header.length;
}

int frame_queue_write(struct frame_queue *queue, int sock)
{
	while (frame_queue_bytes(queue) > 0) {
		bool with_fd;
		size_t len = next_length(queue, &with_fd);
		ssize_t n = send_some(queue, sock, len, with_fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		if (with_fd)
			forget_first_fd(queue);
		queue->start += (size_t)n;
	}
	queue->start = queue->end = 0;
	return 0;
}
