/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * crowd SLEEPERS DEPTH PER_SECOND SECONDS: a host full of processes. SLEEPERS children that sleep, and a chain of
 * DEPTH generations whose last one starts PER_SECOND sleepers a second. Says "ready PID", the pid of that last one,
 * when all are there; it starts the first when a line comes in. Everything ends with this process, or after SECONDS.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static long seconds;

/* A child that ends with its parent. 0 in the child. */
static pid_t start(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	alarm((unsigned)seconds);
	return 0;
}

static void sleep_on(void)
{
	for (;;)
		pause();
}

static void storm(long per_second)
{
	const struct timespec pause_time = {0, 1000000000L / (per_second > 0 ? per_second : 1)};

	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	if (getchar() == EOF)
		sleep_on();
	for (;;) {
		if (per_second > 0 && start() == 0)
			sleep_on();
		nanosleep(&pause_time, NULL);
	}
}

static void descend(long depth, long per_second)
{
	while (depth-- > 0)
		if (start() > 0)
			sleep_on();
	storm(per_second);
}

int main(int argc, char **argv)
{
	long sleepers, depth, per_second;

	if (argc != 5) {
		fprintf(stderr, "usage: crowd SLEEPERS DEPTH PER_SECOND SECONDS\n");
		return 2;
	}
	sleepers = atol(argv[1]);
	depth = atol(argv[2]);
	per_second = atol(argv[3]);
	seconds = atol(argv[4]);
	alarm((unsigned)seconds);
	for (long i = 0; i < sleepers; i++)
		if (start() == 0)
			sleep_on();
	if (start() == 0)
		descend(depth, per_second);
	sleep_on();
}
