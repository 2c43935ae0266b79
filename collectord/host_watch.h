/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * How the whole host is doing, from six files of /proc that are opened once, before rights are
 * dropped. Opens nothing later; knows nothing of single processes.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct host_watch {
	int pressure_fds[PRESSURE_RESOURCES]; /* -1: this kernel measures none */
	int stat_fd, meminfo_fd, loadavg_fd;
	uint64_t tick_ns;
};

#define HOST_WATCH_INIT                                                                            \
	{                                                                                          \
		.pressure_fds = {-1, -1, -1}, .stat_fd = -1, .meminfo_fd = -1, .loadavg_fd = -1    \
	}

must_check int host_watch_open(struct host_watch *watch);
void host_watch_close(struct host_watch *watch);

/* Fills in all of @sample but its time; what cannot be read stays as it is. */
void host_watch_read(const struct host_watch *watch, struct host_sample *sample);
