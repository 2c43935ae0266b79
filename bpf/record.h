/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs hand to collectord: ring records, iterator records, counters, and the
 * numbers both sides must agree on. Fixed-width fields without holes; never a kernel address.
 */
#pragma once

#include <linux/types.h>

#define RECORD_COMM_BYTES 16
#define RECORD_EXE_MAX	  256  /* bytes of a file name */
#define RECORD_ARGS_MAX	  1024 /* bytes of an argument list, NUL-separated */
#define RECORD_PATH_MAX	  4096 /* bytes of a cgroup path */

enum record_type {
	RECORD_FORK = 1,
	RECORD_EXEC,
	RECORD_EXIT,
	RECORD_CGROUP,
	RECORD_SAMPLE,
	RECORD_OOM,
	RECORD_THREAD,
	RECORD_CONNECTIONS
};

/* Which cgroup of a process is its key's. */
enum cgroup_source { CGROUP_SOURCE_V2, CGROUP_SOURCE_PIDS, CGROUP_SOURCE_MEMORY };

#define CGROUP_KEY(hierarchy, id) ((__u64)(hierarchy) << 48 | ((__u64)(id)&0xffffffffffffULL))

struct record_head {
	__u32 type; /* enum record_type */
	__u32 reserved;
};

struct record_process {
	__u64 time_ns;	       /* CLOCK_BOOTTIME */
	__u64 start_ns;	       /* start_boottime of the group leader */
	__u64 parent_start_ns; /* 0: no parent that can be seen */
	__u64 ino;	       /* of the group leader's pid; 0 before 6.9 */
	__u64 cgroup;	       /* CGROUP_KEY */
	__u32 tgid, ppid;      /* in collectord's pid namespace */
	__u32 uid;	       /* effective */
	__u32 kernel_thread;   /* 0, 1 */
	char comm[RECORD_COMM_BYTES];
};

struct record_fork {
	struct record_head head;
	struct record_process process;
};

struct record_exec {
	struct record_head head;
	struct record_process process;
	__u16 exe_len, args_len;
	__u32 args_truncated; /* 0, 1 */
	/* File name, then arguments: as many bytes as the lengths say. */
	char text[RECORD_EXE_MAX + RECORD_ARGS_MAX];
};

struct record_exit {
	struct record_head head;
	struct record_process process;
	__u32 status; /* wait status */
	__u32 connects;
	__u64 maxrss_pages;
	__u64 cpu_ns;
};

struct record_oom {
	struct record_head head;
	struct record_process process;
};

struct record_cgroup {
	struct record_head head;
	__u64 key;
	__u32 removed; /* 0, 1 */
	__u32 path_len;
	char path[RECORD_PATH_MAX]; /* path_len bytes */
};

/* What the threads of a process have used, the gone ones with them. */
struct record_work {
	__u64 cpu_ns;
	__u64 read_bytes, write_bytes; /* storage */
	__u64 major_faults;
};

struct record_sample {
	struct record_head head;
	struct record_process process;
	struct record_work work;
	__s64 file_pages, anon_pages, swap_pages, shmem_pages; /* may be a little below 0 */
	__u64 fd_limit;
	__u32 fds, threads;
	__u32 state; /* the kernel's bits, those of the exit among them */
	__u32 apart; /* 1: the work of its living threads comes as a RECORD_THREAD each */
	__u32 exe_len;
	__u32 connects; /* outgoing TCP connections begun, modulo 2^32 */
	char exe[RECORD_EXE_MAX +
		 8]; /* exe_len bytes, then up to 7 to keep the next record aligned */
};

/* One of so many threads that they cannot be walked at once; before or after its RECORD_SAMPLE. */
struct record_thread {
	struct record_head head;
	__u64 start_ns; /* of the group leader */
	__u32 tgid;
	__u32 reserved;
	struct record_work work;
};

/* Open TCP connections of a process. Of one whose first thread is gone there may be several, one for each thread. */
struct record_connections {
	struct record_head head;
	__u64 start_ns; /* of the group leader */
	__u32 tgid;
	__u32 count;
};

/* Where the walk over all open files is; collectord sets it to begin one. */
struct connections_walk {
	struct record_connections record; /* of the thread whose files are being looked at */
	__u32 tid;			  /* that thread; 0: none yet */
	__u32 number;			  /* of this walk: what others have left behind does not count */
};

#define RECORD_EXEC_MIN		     __builtin_offsetof(struct record_exec, text)
#define RECORD_CGROUP_MIN	     __builtin_offsetof(struct record_cgroup, path)
#define RECORD_SAMPLE_MIN	     __builtin_offsetof(struct record_sample, exe)
#define RECORD_SAMPLE_BYTES(exe_len) (RECORD_SAMPLE_MIN + (((exe_len) + 7U) & ~7U))

_Static_assert(sizeof(struct record_process) == 72, "record layout");
_Static_assert(sizeof(struct record_fork) == 80, "record layout");
_Static_assert(RECORD_EXEC_MIN == 88, "record layout");
_Static_assert(sizeof(struct record_exit) == 104, "record layout");
_Static_assert(RECORD_CGROUP_MIN == 24, "record layout");
_Static_assert(RECORD_SAMPLE_MIN == 176, "record layout");
_Static_assert(sizeof(struct record_thread) == 56, "record layout");
_Static_assert(sizeof(struct record_connections) == 24, "record layout");

/* In the order of enum event_kind (proto/payload.h). */
enum counter_kind { COUNT_FORK, COUNT_EXEC, COUNT_EXIT, COUNT_CGROUP, COUNT_OOM, COUNT_KINDS };

enum program_id {
	PROGRAM_FORK,
	PROGRAM_EXEC,
	PROGRAM_EXIT,
	PROGRAM_CGROUP_MKDIR,
	PROGRAM_CGROUP_RMDIR,
	PROGRAM_OOM,
	PROGRAM_TASK,
	PROGRAM_CONNECT,
	PROGRAM_CONNECTIONS,
	PROGRAM_COUNT,
	PROBE_ARGS = PROGRAM_COUNT, /* a part of PROGRAM_EXEC: it reads the arguments */
	PROBE_COUNT,
};

#define TIMED_ONE_IN 64 /* a program times one run in so many */

struct program_counter {
	__u64 runs, timed_runs, timed_ns;
};

/* One for each possible CPU, in memory that collectord maps. */
struct cpu_counters {
	__u64 generated[COUNT_KINDS]; /* every event, whatever became of it */
	__u64 dropped[COUNT_KINDS];   /* the ring was full */
	__u64 filtered;		      /* outside collectord's pid namespace */
	struct program_counter programs[PROBE_COUNT];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct cpu_counters) % 64 == 0, "a cache line belongs to one CPU");
