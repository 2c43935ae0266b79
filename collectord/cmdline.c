/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/cmdline.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int cmdline_open(struct cmdline *cmdline)
{
	long ticks_per_second = sysconf(_SC_CLK_TCK);

	if (ticks_per_second <= 0)
		return -EIO;
	cmdline->tick_ns = NSEC_PER_SEC / (uint64_t)ticks_per_second;
	cmdline->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmdline->proc_fd < 0 ? -errno : 0;
}

void cmdline_close(struct cmdline *cmdline)
{
	close_fd(&cmdline->proc_fd);
}

int cmdline_start_ticks(const char *stat_text, uint64_t *ticks)
{
	/* trust: the name in brackets is the process's own and may hold anything, also brackets */
	const char *at = strrchr(stat_text, ')');
	uint64_t value;

	/* Behind the name: fields 3 to 21, then ours. */
	if (!at ||
		sscanf(at + 1,
			" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64,
			&value) != 1)
		return -EPROTO;
	*ticks = value;
	return 0;
}

static ssize_t read_at(int dir_fd, const char *name, char *buffer, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buffer, size);
	return n < 0 ? -errno : n;
}

ssize_t cmdline_read(
	const struct cmdline *cmdline, uint32_t tgid, uint64_t start_ns, char *args, size_t size)
{
	_cleanup_close_ int dir_fd = -1;
	char name[16], text[1024];
	uint64_t ticks;
	ssize_t n;
	int r;

	snprintf(name, sizeof(name), "%" PRIu32, tgid);
	dir_fd = openat(cmdline->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -errno;
	/* The directory stays that of one process, so what is found to be ours now is also what we
	 * read next. */
	n = read_at(dir_fd, "stat", text, sizeof(text) - 1);
	if (n < 0)
		return n;
	text[n] = '\0';
	r = cmdline_start_ticks(text, &ticks);
	if (r < 0)
		return r;
	return ticks == start_ns / cmdline->tick_ns ? read_at(dir_fd, "cmdline", args, size)
						    : -ESRCH;
}
