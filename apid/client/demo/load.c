/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "apid/client/demo/crew.h"

#define CHILDREN_SECS	15 /* how long new ones are started */
#define SLEEPER_SECS	2
#define LEAK_STEP_BYTES (512UL << 10)
#define PAGE_BYTES	4096
#define FILES_EACH_MS	10

static void pause_ns(uint64_t ns)
{
	struct timespec left = {(time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC)};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* What is to be seen has been done: stay until somebody ends us. */
static _Noreturn void stay(void)
{
	for (;;)
		pause();
}

static _Noreturn void burn(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
}

/* Children at an even pace, each living for @seconds. */
static _Noreturn void start_children(unsigned per_sec, unsigned seconds)
{
	for (unsigned i = 0; i < CHILDREN_SECS * per_sec; i++) {
		pid_t pid = crew_fork(CREW_SECS);

		if (pid == 0) {
			if (seconds > 0)
				pause_ns(seconds * NSEC_PER_SEC);
			_exit(EXIT_SUCCESS);
		}
		pause_ns(NSEC_PER_SEC / per_sec);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	stay();
}

_Noreturn void load_fork_storm(void)
{
	start_children(LOAD_FORKS_PER_SEC, SLEEPER_SECS);
}

_Noreturn void load_short_jobs(void)
{
	start_children(LOAD_JOBS_PER_SEC, 0);
}

_Noreturn void load_memory_leak(void)
{
	const uint64_t steps = (LOAD_MB_MAX << 20) / LEAK_STEP_BYTES;

	for (uint64_t i = 0; i < steps; i++) {
		volatile char *part = mmap(NULL, LEAK_STEP_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t at = 0; part != MAP_FAILED && at < LEAK_STEP_BYTES; at += PAGE_BYTES)
			part[at] = 1;
		pause_ns(NSEC_PER_SEC * LEAK_STEP_BYTES / (LOAD_MB_PER_SEC << 20));
	}
	stay();
}

_Noreturn void load_cpu_spike(void)
{
	burn();
}

_Noreturn void load_runaway_tree(void)
{
	/* Several: on a host that is busy already they get the more of it together. */
	for (int i = 0; i < LOAD_BUSY_CHILDREN; i++) {
		pid_t pid = crew_fork(CREW_SECS);

		if (pid < 0)
			_exit(EXIT_FAILURE);
		if (pid == 0)
			break;
	}
	burn();
}

_Noreturn void load_fd_leak(void)
{
	const struct rlimit limit = {LOAD_FILES, LOAD_FILES};

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		_exit(EXIT_FAILURE);
	/* Three and a few more are open already. */
	for (unsigned i = 0; i <= LOAD_FILES * LOAD_FILES_PCT / 100; i++) {
		if (open("/dev/null", O_RDONLY) < 0)
			break;
		pause_ns(FILES_EACH_MS * NSEC_PER_MSEC);
	}
	stay();
}
