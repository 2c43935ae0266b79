/* SPDX-License-Identifier: AGPL-3.0-only */
/* Real processes for tests of enforcerd: made here, ended here. */
#pragma once

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "enforcerd/target.h"

/*
 * Goes on in a pid namespace of its own, with its own /proc: whatever goes wrong in here cannot
 * signal anybody outside, and pids can be chosen freely. False where that is not permitted: then
 * the tests must not run.
 */
static inline bool enter_namespace(void)
{
	int status;
	pid_t child;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	child = fork();
	if (child < 0)
		return false;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return getpid() == 1 && mount("proc", "/proc", "proc", 0, NULL) == 0;
	}
	if (waitpid(child, &status, 0) != child)
		_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* kill() with -1 is everybody: no pid of a fork that failed may ever get there. */
static inline void signal_child(pid_t pid, int signal)
{
	assert_true(pid > 1);
	assert_int_equal(kill(pid, signal), 0);
}

/* Like fork(), but the child gets exactly @pid, which must be free; @pid 0: any. */
static inline pid_t fork_as(pid_t pid)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t child;

	if (pid != 0) {
		args.set_tid = (uint64_t)(uintptr_t)&pid;
		args.set_tid_size = 1;
	}
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	assert_true(child >= 0);
	return child;
}

/* A child that waits until it is signalled. It dies with this test. */
static inline pid_t sleeper_as(pid_t pid)
{
	pid_t child = fork_as(pid);

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

static inline void end_child(pid_t pid)
{
	signal_child(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* What ruled would propose about @pid. */
static inline struct propose proposal_of(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct propose propose = {.proposal = 1,
		.tgid = (uint32_t)pid,
		.type = ACTION_KILL_PROCESS,
		.signal = SIGTERM};
	struct proc_stat stat = {0};
	struct stat st = {0};

	if (proc_stat((uint32_t)pid, &stat) == 0 && fstat(pidfd, &st) == 0 &&
		proc_uid((uint32_t)pid, &propose.uid) == 0)
		propose.ino = st.st_ino;
	propose.start_ns = stat.start_ticks * PROC_TICK_NS;
	close(pidfd);
	return propose;
}
