/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The size of the file or -errno; what is no regular file is refused before it is read. */
static off_t check_file(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	return st.st_size;
}

/* Reads to the end of the file. One byte more than @max is asked for, in case the file grew after
 * fstat. */
static ssize_t read_all(int fd, char *buffer, size_t max)
{
	size_t used = 0;

	while (used <= max) {
		ssize_t n = read(fd, buffer + used, max + 1 - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)used;
		used += (size_t)n;
	}
	return -EFBIG;
}

int read_file(int dirfd, const char *path, size_t max, char **data, size_t *len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	_cleanup_free_ char *buffer = NULL;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = check_file(fd, max);
	if (n < 0)
		return (int)n;
	buffer = malloc(max + 1);
	if (!buffer)
		return -ENOMEM;
	n = read_all(fd, buffer, max);
	if (n < 0)
		return (int)n;
	buffer[n] = 0;
	*data = TAKE_PTR(buffer);
	*len = (size_t)n;
	return 0;
}
