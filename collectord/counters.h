/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The kernel programs' own counters, in memory mapped once, so that no bpf() call is needed to read
 * them. Sums up; never writes.
 */
#pragma once

#include "bpf/record.h"
#include "common/base.h"

struct counters_map {
	const struct cpu_counters *cpus;
	unsigned cpu_count;
};

/* Maps the array behind @map_fd; one entry for each possible CPU. 0 or -errno. */
must_check int counters_open(struct counters_map *map, int map_fd, unsigned cpu_count);
void counters_close(struct counters_map *map);

/* Adds up all CPUs into @sum. */
void counters_sum(const struct counters_map *map, struct cpu_counters *sum);

/* What a program has cost since load, extrapolated from the runs that were timed. */
uint64_t counters_program_ns(const struct program_counter *program);
