/* SPDX-License-Identifier: AGPL-3.0-only */
/* Socket pairs and descriptors for tests of what passes between two ends. */
#pragma once

#include <dirent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/base.h"

static inline void open_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
}

/* How many descriptors this process has open. */
static inline unsigned open_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static inline int some_file(void)
{
	int fd = memfd_create("some file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline bool same_file(int a, int b)
{
	struct stat x, y;

	assert_int_equal(fstat(a, &x), 0);
	assert_int_equal(fstat(b, &y), 0);
	return x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* One sendmsg of @len bytes with @fd_count descriptors (at most 8). */
static inline void send_with(int sock, const void *data, size_t len, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)data, len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *cmsg;

	message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	cmsg = CMSG_FIRSTHDR(&message);
	*cmsg = (struct cmsghdr){CMSG_LEN(fd_count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(cmsg), fds, fd_count * sizeof(int));
	assert_int_equal(sendmsg(sock, &message, MSG_NOSIGNAL), len);
}
