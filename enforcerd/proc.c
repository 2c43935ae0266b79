/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define PF_KTHREAD 0x00200000U

static int proc_fd = -1;
static DIR *listing; /* its own descriptor: the only one that is read by getdents */

int proc_open(void)
{
	if (proc_fd >= 0)
		return 0;
	listing = opendir("/proc");
	if (!listing)
		return -errno;
	proc_fd = dirfd(listing);
	return 0;
}

/*
 * Reads /proc/@pid/@name into @buffer and ends it with a NUL. Returns its length, -E2BIG if it is
 * longer (@buffer holds its beginning), or -errno.
 */
static ssize_t read_file(uint32_t pid, const char *name, char *buffer, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[40];
	size_t used = 0;
	ssize_t n = 0;

	snprintf(path, sizeof(path), "%" PRIu32 "/%s", pid, name);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (used < size && (n = read(fd, buffer + used, size - used)) > 0)
		used += (size_t)n;
	if (n < 0)
		return -errno;
	buffer[MIN(used, size - 1)] = '\0';
	return used == size ? -E2BIG : (ssize_t)used;
}

int proc_parse_stat(const char *line, size_t len, struct proc_stat *stat)
{
	struct proc_stat s = {0};
	unsigned flags, threads;
	char state;
	const char *open = memchr(line, '(', len), *close = memrchr(line, ')', len);

	if (!open || !close || close < open || sscanf(line, "%" SCNu32, &s.pid) != 1)
		return -EPROTO;
	memcpy(s.comm, open + 1, MIN((size_t)(close - open - 1), sizeof(s.comm) - 1));
	if (sscanf(close + 1,
		    " %c %" SCNu32 " %" SCNu32 " %" SCNu32
		    " %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		    "%u %*d %" SCNu64,
		    &state, &s.ppid, &s.pgrp, &s.session, &flags, &threads, &s.start_ticks) != 7)
		return -EPROTO;
	s.stopped = state == 'T' || state == 't';
	/* A leader that has exited before its other threads shows Z too. */
	s.dead = (state == 'Z' || state == 'X') && threads <= 1;
	s.kernel_thread = flags & PF_KTHREAD;
	*stat = s;
	return 0;
}

int proc_stat(uint32_t pid, struct proc_stat *stat)
{
	char line[1024];
	ssize_t n = read_file(pid, "stat", line, sizeof(line));

	return n < 0 ? (int)n : proc_parse_stat(line, (size_t)n, stat);
}

int proc_uids(uint32_t pid, uid_t *real, uid_t *uid)
{
	char text[2048]; /* the beginning is enough */
	ssize_t n = read_file(pid, "status", text, sizeof(text));
	const char *line;

	if (n < 0 && n != -E2BIG)
		return (int)n;
	/* Name: is the first line and its newlines are escaped, so no process can write this one
	 * itself. */
	line = strstr(text, "\nUid:\t");
	return line && sscanf(line, "\nUid:\t%u\t%u", real, uid) == 2 ? 0 : -EPROTO;
}

int proc_uid(uint32_t pid, uid_t *uid)
{
	uid_t real;

	return proc_uids(pid, &real, uid);
}

int proc_cgroups(uint32_t pid, char text[PROC_CGROUP_BYTES])
{
	ssize_t n = read_file(pid, "cgroup", text, PROC_CGROUP_BYTES);

	return n < 0 ? (int)n : 0;
}

bool proc_cgroup_next(const char **cursor, struct text *controllers, struct text *path)
{
	const char *line = *cursor, *end = strchrnul(line, '\n');
	const char *first = memchr(line, ':', (size_t)(end - line));
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second)
		return false;
	*controllers = (struct text){first + 1, (size_t)(second - first - 1)};
	*path = (struct text){second + 1, (size_t)(end - second - 1)};
	*cursor = *end ? end + 1 : end;
	return true;
}

/* Whether the comma-separated @list has @item; the list of v2 is one empty item. */
static bool lists(struct text list, const char *item)
{
	const char *end = list.data + list.len;

	for (const char *at = list.data, *comma; at <= end; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		comma = comma ? comma : end;
		if ((size_t)(comma - at) == strlen(item) && memcmp(at, item, strlen(item)) == 0)
			return true;
	}
	return false;
}

struct text proc_cgroup_shown(const char *cgroups)
{
	static const char *const order[] = {"pids", "memory", ""};
	struct text controllers, path;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (const char *at = cgroups; proc_cgroup_next(&at, &controllers, &path);)
			if (lists(controllers, order[i]))
				return path;
	return text_of("/");
}

void proc_args(uint32_t pid, char *args, size_t size)
{
	ssize_t n = read_file(pid, "cmdline", args, size);
	size_t len = n == -E2BIG ? size - 1 : n > 0 ? (size_t)n : 0;

	while (len > 0 && args[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++)
		if (args[i] == '\0')
			args[i] = ' ';
	args[len] = '\0';
}

int proc_each(int (*visit)(uint32_t pid, void *ctx), void *ctx)
{
	struct dirent *entry;
	uint64_t pid;
	int r;

	rewinddir(listing);
	while (errno = 0, (entry = readdir(listing)) != NULL) {
		if (text_to_u64(entry->d_name, strlen(entry->d_name), PROC_PID_MAX, &pid) < 0)
			continue;
		r = visit((uint32_t)pid, ctx);
		if (r != 0)
			return r;
	}
	return -errno;
}
