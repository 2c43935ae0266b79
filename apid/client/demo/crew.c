/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/crew.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"

#define LEAVE_TRIES   25
#define LEAVE_EACH_MS 20
#define NOBODY	      65534
#define MEMORY_BYTES  (512ULL << 20) /* of addresses: the largest load and the program itself */

static const struct {
	__rlimit_resource_t resource;
	rlim_t value;
} limits[] = {
	{RLIMIT_CPU, CREW_SECS},
#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes */
	{RLIMIT_AS, MEMORY_BYTES},
#endif
	{RLIMIT_FSIZE, 0},
	{RLIMIT_CORE, 0},
};

static int apply_limits(void)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const struct rlimit limit = {limits[i].value, limits[i].value};

		if (setrlimit(limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

/* A demonstration needs no rights. Not root: nothing to give up. */
static int drop_rights(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Gets @signal when @parent ends; who has lost it meanwhile ends now. */
static void tie_to(pid_t parent, int signal, unsigned seconds)
{
	alarm(seconds);
	if (prctl(PR_SET_PDEATHSIG, signal) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
}

/* Not as a crash: that would be another failure than the one that is shown. */
static void leave(int signal)
{
	(void)signal;
	_exit(EXIT_SUCCESS);
}

/* Signals as at the start of a program: nothing is ignored, nothing held back. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)signal(SIGTERM, leave);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_load(pid_t parent, load_fn *load)
{
	setpgid(0, 0);
	reset_signals();
	/* Rights first: a change of user forgets whom we are tied to. */
	if (drop_rights() < 0 || apply_limits() < 0)
		_exit(EXIT_FAILURE);
	tie_to(parent, SIGKILL, CREW_SECS);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, CREW_NAME);
	load();
	_exit(EXIT_SUCCESS);
}

int crew_start(struct crew *crew, load_fn *load)
{
	const pid_t parent = getpid();
	pid_t pid;

	/* Members whose parent has gone become our children: we wait for them too. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return -errno;
	fflush(NULL);
	*crew = (struct crew){.start_ns = clock_boottime_ns()};
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_load(parent, load);
	setpgid(pid, pid); /* whoever comes first */
	crew->pgid = pid;
	return 0;
}

/* Whoever has ended is not taken away: the group's number stays ours until crew_end(). */
static bool is_running(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

bool crew_runs(const struct crew *crew)
{
	return crew->pgid > 1 && is_running(crew->pgid);
}

bool crew_has(const struct crew *crew, pid_t pid)
{
	return crew->pgid > 1 && pid > 1 && (pid == crew->pgid || getpgid(pid) == crew->pgid);
}

void crew_end(struct crew *crew)
{
	const struct timespec pause = {.tv_nsec = LEAVE_EACH_MS * NSEC_PER_MSEC};
	const pid_t pgid = crew->pgid;

	crew->pgid = 0;
	if (pgid <= 1 || pgid == getpgrp())
		return;
	/* Our child, ended or not, has not been waited for: this number is its group's and nobody
	 * else's. */
	(void)!kill(-pgid, SIGTERM);
	for (int i = 0; i < LEAVE_TRIES && is_running(pgid); i++)
		nanosleep(&pause, NULL);
	/* Those who are stopped, or late. No member can start another one while the signal is on
	 * its way: fork() looks first. */
	nanosleep(&pause, NULL);
	(void)!kill(-pgid, SIGKILL);
	while (waitpid(-pgid, NULL, 0) > 0 || errno == EINTR)
		;
}

pid_t crew_fork(unsigned seconds)
{
	const pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		tie_to(parent, SIGTERM, seconds);
	return pid < 0 ? -errno : pid;
}
