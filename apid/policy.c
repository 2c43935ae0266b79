/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/policy.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "apid/connections.h"

#define CALL(call, reason)                                                                         \
	{                                                                                          \
		.name = call, .why = reason                                                        \
	}
#define CALL_IF(call, reason, index, op, a, b)                                                     \
	{                                                                                          \
		.name = call, .why = reason, .arg_count = 1, .args = { {index, op, a, b} }         \
	}

static const struct policy_syscall syscalls[] = {
	CALL("epoll_wait", "the loop"),
	CALL("epoll_pwait", "the loop"),
	CALL("epoll_ctl", "the loop"),
	CALL("timerfd_settime", "the loop's timers"),
	CALL("clock_gettime", "time, where the vDSO has no answer"),
	CALL("gettimeofday", "time, where the vDSO has no answer"),
	CALL("time", "the Date header, where the vDSO has no answer"),
	CALL("accept4", "HTTP clients, ruled"),
	CALL_IF("socket", "connecting to enforcerd again", 0, SCMP_CMP_EQ, AF_UNIX, 0),
	CALL("connect", "connecting to enforcerd again; Landlock forbids TCP"),
	CALL("newfstatat", "who owns enforcerd's socket; /etc/passwd"),
	CALL("fstat", "/etc/passwd"),
	CALL("getsockopt", "who is at the other end"),
	/* No SO_LINGER: the socket is enforcerd's too, and its close() would then wait for a client
	   that reads nothing. */
	{.name = "setsockopt",
		.why = "a small send buffer",
		.arg_count = 2,
		.args = {{1, SCMP_CMP_EQ, SOL_SOCKET, 0}, {2, SCMP_CMP_EQ, SO_SNDBUF, 0}}},
	CALL("getsockname", "on which address a client came"),
	CALL("recvfrom", "looking at a request's head"),
	CALL("recvmsg", "frames"),
	CALL("sendmsg", "frames, a client's socket for enforcerd"),
	CALL("read", "requests, frames, /etc/passwd"),
	CALL("readv", "requests"),
	CALL("poll", "whether stderr takes a line"),
	CALL("write", "log lines, signals to the loop, readiness"),
	CALL("writev", "answers, frames"),
	CALL("pread64", "own memory use and status"),
	CALL_IF("ioctl", "how much there is to read", 1, SCMP_CMP_EQ, FIONREAD, 0),
	CALL("shutdown", "ending connections"),
	CALL("close", "ending connections"),
	CALL_IF("fcntl", "duplicating a client's socket for enforcerd", 1, SCMP_CMP_EQ,
		F_DUPFD_CLOEXEC, 0),
	CALL_IF("fcntl", "stdio on /etc/passwd", 1, SCMP_CMP_EQ, F_GETFL, 0),
	CALL_IF("openat", "/etc/passwd and /etc/group, which Landlock leaves", 2,
		SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY),
	CALL("lseek", "/etc/passwd"),
	CALL("brk", "memory"),
	CALL_IF("mmap", "memory, never executable", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	CALL("mremap", "memory"),
	CALL("munmap", "memory"),
	CALL("madvise", "memory given back"),
	CALL("futex", "the C library's locks"),
	CALL("getpid", "the C library"),
	CALL("rt_sigreturn", "signals"),
	CALL("rt_sigaction", "signals, when ending"),
	CALL("rt_sigprocmask", "signals"),
	CALL("restart_syscall", "going on after a stop"),
	CALL("exit_group", "the end"),
};

static const struct policy_path paths[] = {
	/* passwd and group are replaced as files: the directory stays */
	{"/etc", PATH_READ | PATH_DIR},
	/* the proof of the rights */
	{"/proc/self", PATH_READ | PATH_DIR},
};

static const struct policy_limit limits[] = {
	{RLIMIT_NOFILE, CONNECTIONS_FDS_MAX},
	{RLIMIT_NPROC, 0},
};

const struct policy apid_policy = {
	.role = ROLE_APID,
	.nice = -5,
	.syscalls = syscalls,
	.syscall_count = ARRAY_LEN(syscalls),
	.paths = paths,
	.path_count = ARRAY_LEN(paths),
	.tcp_denied = true,
	.limits = limits,
	.limit_count = ARRAY_LEN(limits),
};
