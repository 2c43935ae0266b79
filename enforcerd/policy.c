/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/policy.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

#define CALL(call, reason)                                                                         \
	{                                                                                          \
		.name = call, .why = reason                                                        \
	}
#define CALL_IF(call, reason, index, op, a, b)                                                     \
	{                                                                                          \
		.name = call, .why = reason, .arg_count = 1, .args = { {index, op, a, b} }         \
	}
#define SIGNAL(signal, reason)                                                                     \
	{                                                                                          \
		.name = "pidfd_send_signal", .why = reason, .arg_count = 2, .args = {              \
			{1, SCMP_CMP_EQ, signal, 0},                                               \
			{3, SCMP_CMP_EQ, 0, 0}                                                     \
		}                                                                                  \
	}

/* No kill, tkill, tgkill, rt_sigqueueinfo; no socket, connect, bind; no execve; nothing is opened
 * for writing. */
static const struct policy_syscall syscalls[] = {
	CALL("pidfd_open", "holding the processes actions are about"),
	SIGNAL(SIGTERM, "ending them"),
	SIGNAL(SIGKILL, "ending them for certain"),
	SIGNAL(SIGSTOP, "keeping a tree from growing while it is ended"),
	SIGNAL(SIGCONT, "letting go of what was stopped when the act is broken off"),
	CALL_IF("openat", "/proc, /etc/passwd, /etc/group, for reading", 2, SCMP_CMP_MASKED_EQ,
		WRITING, 0),
	CALL("newfstatat", "the inode of a pidfd; whether the hold file exists"),
	CALL("fstat", "the inode of a pidfd, where the C library asks so"),
	CALL("getdents64", "the list of processes"),
	CALL("lseek", "the list of processes from its start"),
	CALL("read", "/proc, the loop's counters"),
	CALL("pread64", "own memory use and status"),
	CALL("write", "the audit file, log lines, the loop's counters"),
	CALL("fdatasync", "making an audit line durable"),
	CALL("close", "ending with a descriptor"),
	CALL_IF("fcntl", "a second descriptor of a pidfd", 1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0),
	CALL_IF("fcntl", "reading /etc/passwd through the C library", 1, SCMP_CMP_EQ, F_GETFL, 0),
	CALL("poll", "whether a process or a caller is still there"),
	CALL("epoll_wait", "the loop, exits of processes"),
	CALL("epoll_pwait", "the loop, where the C library asks so"),
	CALL("epoll_ctl", "the loop, exits of processes"),
	CALL("timerfd_settime", "the loop's timers"),
	CALL("gettimeofday", "the loop, where the vDSO has no answer"),
	CALL("clock_gettime", "time, where the vDSO has no answer; own CPU time"),
	CALL("accept4", "ruled and apid"),
	CALL("recvmsg", "frames, with a caller's socket"),
	CALL("sendmsg", "frames, journal lines"),
	CALL("recvfrom", "looking at a caller's request; the kernel's answers about sockets"),
	CALL("sendto", "asking the kernel about sockets; signals to the loop"),
	CALL("getsockopt", "who is at the other end"),
	CALL("getsockname", "which connection a socket is"),
	CALL("getpeername", "which connection a socket is"),
	CALL_IF("ioctl", "whether anything of a request was read already", 1, SCMP_CMP_EQ, FIONREAD,
		0),
	CALL("brk", "memory"),
	CALL_IF("mmap", "memory, never executable", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	CALL_IF("mprotect", "the audit thread's stack, never executable", 2, SCMP_CMP_MASKED_EQ,
		PROT_EXEC, 0),
	CALL("munmap", "memory"),
	CALL("mremap", "memory of queues"),
	CALL("madvise", "the audit thread's end"),
	CALL("futex", "the audit thread's queue"),
	CALL("clone3", "the audit thread"),
	CALL("clone", "the audit thread, before Linux 5.3 or in containers without clone3"),
	CALL("set_robust_list", "the audit thread"),
	CALL("rseq", "the audit thread"),
	CALL("getpid", "HELLO"),
	CALL("getrandom", "the seed of the allocator"),
	CALL("rt_sigprocmask", "the audit thread takes no signals"),
	CALL("rt_sigaction", "the loop gives its handlers back"),
	CALL("rt_sigreturn", "after a signal"),
	CALL("restart_syscall", "going on after a stop"),
	CALL("exit", "the audit thread's end"),
	CALL("exit_group", "the end"),
};

static const struct policy_path paths[] = {
	{"/proc", PATH_READ | PATH_DIR},
	{"/etc", PATH_READ | PATH_DIR}, /* passwd and group are replaced as files; linnix/hold comes
					   and goes */
};

/* Every member of ACT_TREES_MAX trees, every waiting target, every claimed socket; as far as the
 * hard limit allows. */
static const struct policy_limit limits[] = {
	{RLIMIT_NOFILE, 18000},
	{RLIMIT_NPROC,
		64}, /* of the user, whose last run may still be ending; one thread is ours */
};

const struct policy enforcerd_policy = {
	.role = ROLE_ENFORCERD,
	.caps_start = CAP_BIT(CAP_KILL),
	.caps_kept = CAP_BIT(CAP_KILL),
	.nice = -10,
	.syscalls = syscalls,
	.syscall_count = ARRAY_LEN(syscalls),
	.paths = paths,
	.path_count = ARRAY_LEN(paths),
	.tcp_denied = true,
	.limits = limits,
	.limit_count = ARRAY_LEN(limits),
};
