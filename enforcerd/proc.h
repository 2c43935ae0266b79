/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What /proc says of other processes, read through one descriptor opened before the sandbox. Reads
 * and parses; a pid is only a number here: whoever acts on an answer must hold a pidfd and check
 * that it is still alive afterwards.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define PROC_PID_MAX	  (1U << 22) /* the kernel's PID_MAX_LIMIT */
#define PROC_CGROUP_BYTES 2048
#define PROC_ARGS_BYTES	  512
#define PROC_TICK_NS	  10000000ULL /* USER_HZ is 100 on every architecture we run on */

struct proc_stat {
	uint32_t pid, ppid, pgrp, session;
	uint64_t start_ticks; /* since boot */
	bool stopped;
	bool dead; /* a zombie without threads: nothing of it runs any more */
	bool kernel_thread;
	char comm[COMM_BYTES];
};

/* Before the sandbox. 0 or -errno. */
must_check int proc_open(void);

/* trust: /proc/PID/stat; comm is anything its process wants. 0, -ESRCH, -EPROTO or -errno. */
must_check int proc_stat(uint32_t pid, struct proc_stat *stat);
/* Pure part of proc_stat(): one line of @len bytes. */
must_check int proc_parse_stat(const char *line, size_t len, struct proc_stat *stat);

/* The effective uid. */
must_check int proc_uid(uint32_t pid, uid_t *uid);
/* And the real one: who started a set-uid program. */
must_check int proc_uids(uint32_t pid, uid_t *real, uid_t *uid);

/* All of /proc/PID/cgroup as a string, or -E2BIG. */
must_check int proc_cgroups(uint32_t pid, char text[PROC_CGROUP_BYTES]);

/*
 * Walks the paths in a text of proc_cgroups(): *@cursor starts at the text. False at its end.
 * @controllers is the middle part of the line ("" for cgroup v2).
 */
bool proc_cgroup_next(const char **cursor, struct text *controllers, struct text *path);
/*
 * The path that names the process, in the hierarchy the collector chooses: that of the pids
 * controller where it is a v1 one, else of memory, else that of v2. "/" if there is none.
 */
struct text proc_cgroup_shown(const char *cgroups);

/* The command line with spaces for NULs, cut to @size - 1. Raw bytes of the process. "" if there is
 * none. */
void proc_args(uint32_t pid, char *args, size_t size);

/* Calls @visit with each pid in /proc until it returns non-zero. Returns that, or 0, or -errno. */
must_check int proc_each(int (*visit)(uint32_t pid, void *ctx), void *ctx);
