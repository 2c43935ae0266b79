/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/told.h"

#include <string.h>

#define CHUNK 256

struct told_process {
	struct told_process *next;
	uint64_t start_ns;
	uint64_t digest; /* of the last sample sent */
	uint64_t cpu_ns, read_bytes, write_bytes, major_faults;
	uint32_t tgid;
	uint32_t pass; /* the last one it was in */
	bool gone;
};

void told_init(struct told *told, size_t max)
{
	*told = (struct told){.by_key = MAP_INIT(max),
		.pool = POOL_INIT(sizeof(struct told_process), CHUNK, max)};
}

void told_done(struct told *told)
{
	map_done(&told->by_key);
	pool_done(&told->pool);
	told->first = NULL;
}

void told_reset(struct told *told)
{
	size_t max = told->by_key.max;

	told_done(told);
	told_init(told, max);
}

static struct map_key key_of(uint32_t tgid, uint64_t start_ns)
{
	return (struct map_key){tgid, start_ns};
}

static struct told_process *add(struct told *told, uint32_t tgid, uint64_t start_ns)
{
	struct told_process *process = pool_take(&told->pool);

	if (!process || map_put(&told->by_key, key_of(tgid, start_ns), process) < 0) {
		if (process)
			pool_give(&told->pool, process);
		told->refused++;
		return NULL;
	}
	process->tgid = tgid;
	process->start_ns = start_ns;
	process->next = told->first;
	told->first = process;
	return process;
}

/* Of all that it says but when. Never 0, which stands for nothing sent yet. */
static uint64_t digest_of(const struct sample *sample)
{
	uint64_t words[sizeof(*sample) / sizeof(uint64_t)], digest = 0;
	struct sample timeless = *sample;

	timeless.process.time_ns = 0;
	timeless.pass = 0;
	timeless.args_known = 0;
	memset(timeless.text_len, 0, sizeof(timeless.text_len));
	memcpy(words, &timeless, sizeof(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		digest = (digest ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		digest ^= digest >> 32;
	}
	return digest ? digest : 1;
}

/* What has been used does not grow less; a thread that ended while it was walked makes it look so.
 */
static void not_less(uint64_t *value, uint64_t *last)
{
	*value = *last = MAX(*value, *last);
}

enum told_news told_see(struct told *told, struct sample *sample, uint32_t pass)
{
	const struct process *who = &sample->process;
	struct told_process *process = map_get(&told->by_key, key_of(who->tgid, who->start_ns));

	if (!process)
		process = add(told, who->tgid, who->start_ns);
	if (!process)
		return TOLD_NEW;
	if (process->gone)
		return TOLD_GONE;
	process->pass = pass;
	not_less(&sample->cpu_ns, &process->cpu_ns);
	not_less(&sample->read_bytes, &process->read_bytes);
	not_less(&sample->write_bytes, &process->write_bytes);
	not_less(&sample->major_faults, &process->major_faults);
	return digest_of(sample) == process->digest ? TOLD_SAME : TOLD_NEW;
}

void told_sent(struct told *told, const struct sample *sample)
{
	const struct process *who = &sample->process;
	struct told_process *process = map_get(&told->by_key, key_of(who->tgid, who->start_ns));

	if (process)
		process->digest = digest_of(sample);
}

void told_exit(struct told *told, uint32_t tgid, uint64_t start_ns, bool unseen_too)
{
	struct told_process *process = map_get(&told->by_key, key_of(tgid, start_ns));

	if (!process && unseen_too)
		process = add(told, tgid, start_ns);
	if (process)
		process->gone = true;
}

struct told_process *told_missing(struct told_process **at, uint32_t pass)
{
	struct told_process *process = *at;

	while (process && (process->gone || process->pass == pass))
		process = process->next;
	*at = process ? process->next : NULL;
	return process;
}

struct exit_inferred told_inferred(const struct told_process *process, uint64_t now_ns)
{
	return (struct exit_inferred){
		.time_ns = now_ns, .start_ns = process->start_ns, .tgid = process->tgid};
}

void told_sweep(struct told *told)
{
	struct told_process **link = &told->first;

	while (*link) {
		struct told_process *process = *link;

		if (!process->gone) {
			link = &process->next;
			continue;
		}
		*link = process->next;
		(void)map_remove(&told->by_key, key_of(process->tgid, process->start_ns));
		pool_give(&told->pool, process);
	}
}
