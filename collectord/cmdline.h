/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Command lines of processes that were there before us, from a directory of /proc opened before the
 * sandbox. For the passes that follow a start, a reconnect or drops; never used while nothing
 * happens.
 */
#pragma once

#include <sys/types.h>

#include "common/base.h"

struct cmdline {
	int proc_fd;
	uint64_t tick_ns; /* resolution of start times in /proc */
};

#define CMDLINE_INIT                                                                               \
	{                                                                                          \
		.proc_fd = -1                                                                      \
	}

must_check int cmdline_open(struct cmdline *cmdline);
void cmdline_close(struct cmdline *cmdline);

/*
 * The arguments of the process that has pid @tgid and started at @start_ns, NUL between them, at
 * most @size bytes. Returns their length, or -errno; -ESRCH: another process has the pid now.
 */
must_check ssize_t cmdline_read(
	const struct cmdline *cmdline, uint32_t tgid, uint64_t start_ns, char *args, size_t size);

/* Field 22 of a terminated /proc/PID/stat, in ticks. Pure. -EPROTO. */
must_check int cmdline_start_ticks(const char *stat_text, uint64_t *ticks);
