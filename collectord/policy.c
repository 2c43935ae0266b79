/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/policy.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

static const struct policy_syscall syscalls[] = {
	{"read", "iterators, command lines, the signal pipe of the loop", 0, {{0}}},
	{"pread64", "our own and the host's figures in /proc", 0, {{0}}},
	{"poll", "whether stderr takes a line", 0, {{0}}},
	{"write", "log lines, a recording, readiness", 0, {{0}}},
	{"sendmsg", "frames", 0, {{0}}},
	{"recvmsg", "HELLO and wishes of ruled", 0, {{0}}},
	{"socket", "reconnecting to ruled", 1, {{0, SCMP_CMP_EQ, AF_UNIX, 0}}},
	{"connect", "reconnecting to ruled", 0, {{0}}},
	{"getsockopt", "who is at the other end", 0, {{0}}},
	{"bpf", "a new run of the task iterator", 1, {{0, SCMP_CMP_EQ, BPF_ITER_CREATE, 0}}},
	{"openat", "command lines and cgroup directories, for reading only", 1,
		{{2, SCMP_CMP_MASKED_EQ, WRITING, 0}}},
	{"newfstatat", "inode numbers of cgroup directories, owners of sockets", 0, {{0}}},
	{"fstat", "inode numbers of cgroup directories", 0, {{0}}},
	{"getdents64", "cgroup directories", 0, {{0}}},
	{"fcntl", "flags of new descriptors", 0, {{0}}},
	{"close", "descriptors", 0, {{0}}},
	{"epoll_ctl", "the loop", 0, {{0}}},
	{"epoll_wait", "the loop", 0, {{0}}},
	{"epoll_pwait", "the loop", 0, {{0}}},
	{"timerfd_settime", "timers of the loop", 0, {{0}}},
	{"clock_gettime", "our own CPU time; time where the vDSO has none", 0, {{0}}},
	{"gettimeofday", "the loop, where the vDSO has no clock (hpet, virtual machines)", 0,
		{{0}}},
	{"rt_sigreturn", "after a signal", 0, {{0}}},
	{"rt_sigaction", "the loop gives its signal handlers back", 0, {{0}}},
	{"brk", "memory", 0, {{0}}},
	{"mmap", "memory, never executable", 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
	{"munmap", "memory", 0, {{0}}},
	{"mremap", "memory of the queue", 0, {{0}}},
	{"getrandom", "the seed of the allocator", 0, {{0}}},
	{"getpid", "HELLO", 0, {{0}}},
	{"exit_group", "the end", 0, {{0}}},
};

static const struct policy_path paths[] = {
	{"/proc", PATH_READ | PATH_DIR},
	{"/sys/fs/cgroup", PATH_READ | PATH_DIR},
};

static const struct policy_limit limits[] = {
	{RLIMIT_NOFILE, 256},
	{RLIMIT_NPROC, 0},
};

const struct policy collectord_policy = {
	.role = ROLE_COLLECTORD,
	.caps_start = CAP_BIT(CAP_BPF) | CAP_BIT(CAP_PERFMON),
	.caps_kept = 0,
	.nice = -5,
	.syscalls = syscalls,
	.syscall_count = ARRAY_LEN(syscalls),
	.paths = paths,
	.path_count = ARRAY_LEN(paths),
	.tcp_denied = true,
	.limits = limits,
	.limit_count = ARRAY_LEN(limits),
};
