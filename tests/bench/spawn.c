/* SPDX-License-Identifier: AGPL-3.0-only */
/* spawn N: starts /bin/true N times, one after the other, and prints the nanoseconds each took on average. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	cpu_set_t last;
	double start;

	/* On one CPU, so that the scheduler's choices are not what is measured. */
	CPU_ZERO(&last);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	(void)sched_setaffinity(0, sizeof(last), &last);
	start = now_ns();
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			return 1;
	}
	printf("%.0f\n", (now_ns() - start) / (double)count);
	return 0;
}
