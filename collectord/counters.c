/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/counters.h"

#include <errno.h>
#include <sys/mman.h>

int counters_open(struct counters_map *map, int map_fd, unsigned cpu_count)
{
	void *memory = mmap(
		NULL, cpu_count * sizeof(struct cpu_counters), PROT_READ, MAP_SHARED, map_fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	*map = (struct counters_map){.cpus = memory, .cpu_count = cpu_count};
	return 0;
}

void counters_close(struct counters_map *map)
{
	if (map->cpus)
		munmap((void *)map->cpus, map->cpu_count * sizeof(*map->cpus));
	*map = (struct counters_map){0};
}

static void add(uint64_t *sum, const __u64 *counter)
{
	*sum += __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void counters_sum(const struct counters_map *map, struct cpu_counters *sum)
{
	uint64_t fields[sizeof(*sum) / sizeof(uint64_t)] = {0};

	/* Every field is a counter, so the entries add up word by word. */
	for (unsigned cpu = 0; cpu < map->cpu_count; cpu++)
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			add(&fields[i], (const __u64 *)&map->cpus[cpu] + i);
	__builtin_memcpy(sum, fields, sizeof(*sum));
}

uint64_t counters_program_ns(const struct program_counter *program)
{
	if (program->timed_runs == 0)
		return 0;
	return (uint64_t)((double)program->timed_ns / (double)program->timed_runs *
			  (double)program->runs);
}
