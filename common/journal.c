/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/journal.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

int journal_open(struct journal *journal, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	journal->fd = fd;
	journal->path = path;
	return 0;
}

void journal_close(struct journal *journal)
{
	close_fd(&journal->fd);
}

static size_t part(struct iovec *iov, const void *data, size_t len)
{
	*iov = (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = len};
	return 1;
}

/* One field as up to five parts: NAME=value, or with its length in front where the value has lines
 * of its own. */
static size_t field_parts(struct iovec *iov, const struct journal_field *field, uint64_t *length)
{
	size_t n = part(iov, field->name, strlen(field->name)), len = strlen(field->value);

	if (memchr(field->value, '\n', len)) {
		*length = htole64(len);
		n += part(iov + n, "\n", 1);
		n += part(iov + n, length, sizeof(*length));
	} else {
		n += part(iov + n, "=", 1);
	}
	n += part(iov + n, field->value, len);
	return n + part(iov + n, "\n", 1);
}

int journal_send(const struct journal *journal, const struct journal_field *fields, size_t count)
{
	struct iovec iov[JOURNAL_FIELDS_MAX * 5];
	uint64_t lengths[JOURNAL_FIELDS_MAX];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = iov};

	if (journal->fd < 0)
		return -ENOENT;
	if (count > JOURNAL_FIELDS_MAX || strlen(journal->path) >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, journal->path, strlen(journal->path));
	for (size_t i = 0; i < count; i++)
		if (fields[i].value)
			message.msg_iovlen +=
				field_parts(iov + message.msg_iovlen, &fields[i], &lengths[i]);
	return sendmsg(journal->fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
