/* SPDX-License-Identifier: AGPL-3.0-only */
/* Writes the recording of a made-up host to standard output; the same arguments give the same bytes. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "proto/recording.h"
#include "tests/harness/synthetic.h"

static const char USAGE[] =
	"Usage: synthetic [OPTION…] >FILE\n"
	"\n"
	"  --seed N          (1)\n"
	"  --processes N     that stand all the time (10000)\n"
	"  --seconds N       of virtual time (60)\n"
	"  --events N        forks, execs and exits a second, together (3000)\n"
	"  --changed N       processes a second of which a pass has news (1000)\n"
	"  --full N          seconds between full passes (60)\n"
	"  --same-texts N    1: one command line for each program (0)\n"
	"  --storm-events N  events a second in a storm; 0: as ever (0)\n"
	"  --storm N         seconds between storms of three seconds; 0: none (0)\n"
	"\n"
	"Says how many frames and bytes it has written on standard error.\n";

static int write_frame(void *ctx, const void *frame, size_t bytes)
{
	return fwrite(frame, bytes, 1, ctx) == 1 ? 0 : -EIO;
}

static bool read_number(const char *text, uint32_t *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end || value > 100000000)
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool read_plan(int argc, char **argv, struct synthetic_plan *plan)
{
	static const char *const names[] = {
		"seed", "processes", "seconds", "events", "changed", "full",
		"storm", "storm-events", "same-texts"};
	struct option options[ARRAY_LEN(names) + 1] = {0};
	uint32_t seed = 1, same_texts = 0;
	uint32_t *const values[] = {&seed, &plan->processes, &plan->seconds, &plan->events_per_sec,
		&plan->changed_per_sec, &plan->full_every_secs, &plan->storm_every_secs,
		&plan->storm_events_per_sec, &same_texts};
	int at;

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		options[i] = (struct option){names[i], required_argument, NULL, (int)i};
	while ((at = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (at >= (int)ARRAY_LEN(names) || !read_number(optarg, values[at]))
			return false;
	plan->seed = seed;
	plan->same_texts = same_texts != 0;
	return optind == argc && plan->processes >= 100 && plan->full_every_secs > 0;
}

int main(int argc, char **argv)
{
	struct synthetic_plan plan = {.processes = 10000,
		.seconds = 60,
		.events_per_sec = 3000,
		.changed_per_sec = 1000,
		.full_every_secs = 60};
	struct synthetic_totals totals;
	int r;

	if (!read_plan(argc, argv, &plan)) {
		fputs(USAGE, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	r = recording_start(stdout);
	if (r == 0)
		r = synthetic_play(&plan, write_frame, stdout, &totals);
	if (r == 0 && fflush(stdout) != 0)
		r = -errno;
	if (r < 0) {
		fprintf(stderr, "synthetic: %s\n", strerror(-r));
		return 1;
	}
	fprintf(stderr, "%llu frames, %llu bytes\n", (unsigned long long)totals.frames,
		(unsigned long long)totals.bytes);
	return 0;
}
