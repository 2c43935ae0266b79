/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/policy.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define CALL(call, reason) \
	{ \
		.name = (call), .why = (reason) \
	}
#define CALL_IF(call, reason, index, op, a, b) \
	{ \
		.name = (call), .why = (reason), .arg_count = 1, .args = { {index, op, a, b} } \
	}

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

static const struct policy_syscall SYSCALLS[] = {
	CALL("epoll_wait", "the loop"),
	CALL("epoll_pwait", "the loop"),
	CALL("epoll_ctl", "the loop"),
	CALL("timerfd_settime", "the loop's timers"),
	CALL("gettimeofday", "the loop, where the vDSO has no answer"),
	CALL("clock_gettime", "time, where the vDSO has no answer"),
	CALL("accept4", "collectord's connection"),
	CALL_IF("socket", "connecting to apid and enforcerd again", 0, SCMP_CMP_EQ, AF_UNIX, 0),
	CALL("connect", "connecting to apid and enforcerd again"),
	CALL("getsockopt", "who is at the other end"),
	CALL("newfstatat", "who owns their sockets; the rules file; /etc/passwd"),
	CALL("fstat", "the rules file; /etc/passwd"),
	CALL("recvmsg", "frames"),
	CALL("recvfrom", "frames"),
	CALL("sendmsg", "frames"),
	CALL("sendto", "signals to the loop, readiness"),
	CALL("writev", "frames"),
	CALL("poll", "whether stderr takes a line"),
	CALL("write", "log lines, readiness"),
	CALL("read", "the rules file, /etc/passwd, signals of the loop"),
	CALL("pread64", "own memory use and status"),
	CALL_IF("openat", "the rules file again, /etc/passwd; for reading only", 2,
		SCMP_CMP_MASKED_EQ, WRITING, 0),
	CALL("lseek", "/etc/passwd"),
	CALL("fcntl", "flags of new descriptors"),
	CALL("close", "ending connections"),
	CALL("shutdown", "ending connections"),
	CALL("brk", "memory"),
	CALL_IF("mmap", "memory, never executable", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	CALL("mremap", "memory"),
	CALL("munmap", "memory"),
	CALL("madvise", "memory given back"),
	CALL("getrandom", "the allocator's seed"),
	CALL("futex", "the C library's locks"),
	CALL("getpid", "HELLO"),
	CALL("rt_sigreturn", "signals"),
	CALL("rt_sigaction", "signals, when ending"),
	CALL("rt_sigprocmask", "signals"),
	CALL("restart_syscall", "going on after a stop"),
	CALL("exit_group", "the end"),
};

static const struct policy_path PATHS[RULED_PATHS] = {
	[RULED_PATH_RULES] = {"/etc/linnix",
		PATH_READ | PATH_DIR}, /* or where else the rules are */
	[RULED_PATH_ETC] = {"/etc",
		PATH_READ | PATH_DIR}, /* passwd is replaced as a file: the directory stays */
	[RULED_PATH_PROC] = {"/proc/self", PATH_READ | PATH_DIR}, /* the proof of the rights */
};

static const struct policy_limit LIMITS[] = {
	{RLIMIT_NOFILE, 64},
	{RLIMIT_NPROC, 0},
};

const struct policy ruled_policy = {
	.role = ROLE_RULED,
	.nice = -5,
	.syscalls = SYSCALLS,
	.syscall_count = ARRAY_LEN(SYSCALLS),
	.paths = PATHS,
	.path_count = ARRAY_LEN(PATHS),
	.tcp_denied = true,
	.limits = LIMITS,
	.limit_count = ARRAY_LEN(LIMITS),
};
