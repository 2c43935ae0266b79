/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_usage.h"

#define HEIR_STEPS_MAX 256 /* over the dead */
#define ZOMBIE_STATE   'Z'
#define MIB	       (1U << 20)
#define THREADS_MAX    ((1U << 23) - 1)

uint64_t process_usage_base(const struct process_table *table)
{
	return table->pass.whole ? table->pass.begin_ns : table->pass.before_ns;
}

/* A counter that wraps; one that seems to run backwards has not moved. */
static uint32_t moved(uint32_t now, uint32_t before)
{
	return now - before <= INT32_MAX ? now - before : 0;
}

static void add_pending(uint32_t *pending, uint64_t left)
{
	*pending = (uint32_t)MIN(*pending + left, (uint64_t)UINT32_MAX);
}

void process_usage_bequeath(
	const struct process_table *table, struct process_entry *entry, const struct exit *end)
{
	struct process_usage *usage = &entry->usage;
	struct process_entry *heir = entry->parent;
	uint64_t left_us = usage->pending_cpu_us, connects = usage->pending_connects;

	if (usage->time_ns > 0 || entry->info.start_ns >= process_usage_base(table)) {
		left_us += (end->cpu_ns - MIN(end->cpu_ns, usage->cpu_ns)) / 1000;
		connects += moved(end->connects, usage->connects);
	}
	usage->pending_cpu_us = usage->pending_connects = 0;
	for (unsigned steps = 0; heir && heir->exited && steps < HEIR_STEPS_MAX; steps++)
		heir = heir->parent;
	if (!heir)
		return;
	add_pending(&heir->usage.pending_cpu_us, left_us);
	add_pending(&heir->usage.pending_connects, connects);
}

static uint32_t to_kib(uint64_t bytes)
{
	return (uint32_t)MIN(bytes >> 10, (uint64_t)UINT32_MAX);
}

/* A counter's growth per second of @span_ns; counters that seem to run backwards have not moved. */
static float rate(uint64_t now, uint64_t before, uint64_t span_ns)
{
	return now > before ? (float)((double)(now - before) / (double)span_ns * 1e9) : 0;
}

/*
 * A process that was not sent in the pass before had not changed, so what it used since has been
 * used since that pass; and one that is new had used nothing then.
 */
static void learn_rates(
	const struct process_table *table, struct process_usage *usage, const struct sample *sample)
{
	uint64_t now_ns = sample->process.time_ns,
		 io_bytes = sample->read_bytes + sample->write_bytes;
	uint64_t base_ns = MAX(usage->time_ns, table->pass.before_ns);
	bool known = usage->time_ns > 0 || sample->process.start_ns >= table->pass.before_ns;

	usage->cpu_pct = usage->io_mb_per_sec = usage->connects_per_sec = 0;
	if (!known || table->pass.before_ns == 0 || now_ns <= base_ns)
		return;
	usage->cpu_pct = rate(sample->cpu_ns, usage->cpu_ns, now_ns - base_ns) * 1e-7F;
	usage->io_mb_per_sec = rate(io_bytes, usage->io_bytes, now_ns - base_ns) / (float)MIB;
	usage->connects_per_sec = rate(moved(sample->connects, usage->connects), 0, now_ns - base_ns);
}

void process_usage_learn(
	const struct process_table *table, struct process_usage *usage, const struct sample *sample)
{
	if (usage->time_ns > 0 && sample->process.time_ns < usage->time_ns)
		return;
	learn_rates(table, usage, sample);
	usage->anon_before_kib = usage->anon_kib;
	usage->anon_kib = to_kib(sample->rss_anon_bytes + sample->swap_bytes);
	if (usage->time_ns == 0)
		usage->anon_before_kib = usage->anon_kib;
	usage->rss_kib =
		to_kib(sample->rss_anon_bytes + sample->rss_file_bytes + sample->rss_shmem_bytes);
	usage->time_ns = MAX(sample->process.time_ns, 1);
	usage->cpu_ns = sample->cpu_ns;
	usage->io_bytes = sample->read_bytes + sample->write_bytes;
	usage->fds = sample->fds;
	usage->fd_limit = sample->fd_limit;
	usage->connects = sample->connects;
	usage->connections = sample->connections;
	usage->threads = MIN(sample->threads, THREADS_MAX);
	usage->state = (uint8_t)sample->state;
}

bool process_usage_zombie(const struct sample *sample)
{
	return sample->state == ZOMBIE_STATE && sample->threads <= 1;
}
