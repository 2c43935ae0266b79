/* SPDX-License-Identifier: AGPL-3.0-only */
/* burn THREADS SECONDS: one process that keeps THREADS CPUs busy, then ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *burn(void *unused)
{
	(void)unused;
	for (volatile unsigned long count = 0;; count++)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	long threads;
	pthread_t thread;

	if (argc != 3) {
		fprintf(stderr, "usage: burn THREADS SECONDS\n");
		return 2;
	}
	threads = atol(argv[1]);
	alarm((unsigned)atol(argv[2]));
	for (long i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, burn, NULL) != 0)
			return 1;
	burn(NULL);
}
