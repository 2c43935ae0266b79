/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/lives.h"

void lives_add(struct lives *lives, uint64_t end_ns, uint64_t life_ns)
{
	lives->asked.valid = false;
	lives->at[lives->next].end_ns = end_ns;
	lives->at[lives->next].life_ns = life_ns;
	lives->next = (lives->next + 1) % LIVES_MAX;
	lives->count = MIN(lives->count + 1, (unsigned)LIVES_MAX);
}

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t kept = *a;

	*a = *b;
	*b = kept;
}

/* Moves what is smaller than the middle one to the front; returns where that one ends up. */
static unsigned partition(uint64_t *values, unsigned from, unsigned to)
{
	unsigned border = from;

	swap(&values[from + (to - from) / 2], &values[to]);
	for (unsigned i = from; i < to; i++)
		if (values[i] < values[to])
			swap(&values[i], &values[border++]);
	swap(&values[border], &values[to]);
	return border;
}

/*
 * The @wanted-th smallest. The library's qsort() asks for the host's memory, which the sandbox
 * forbids.
 */
static uint64_t nth_smallest(uint64_t *values, unsigned count, unsigned wanted)
{
	unsigned from = 0, to = count - 1;

	while (from < to) {
		unsigned border = partition(values, from, to);

		if (border == wanted)
			break;
		if (border < wanted)
			from = border + 1;
		else
			to = border - 1;
	}
	return values[wanted];
}

bool lives_median(const struct lives *lives, uint64_t now_ns, uint64_t span_ns, uint64_t *median_ns)
{
	uint64_t recent[LIVES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < lives->count; i++)
		if (lives->at[i].end_ns + span_ns > now_ns)
			recent[count++] = lives->at[i].life_ns;
	if (count == 0)
		return false;
	*median_ns = nth_smallest(recent, count, (count - 1) / 2);
	return true;
}

static bool most_within(
	const struct lives *lives, uint64_t now_ns, uint64_t span_ns, double limit_ns)
{
	unsigned count = 0, within = 0;

	for (unsigned i = 0; i < lives->count; i++) {
		bool recent = lives->at[i].end_ns + span_ns > now_ns;

		count += recent;
		within += recent && (double)lives->at[i].life_ns <= limit_ns;
	}
	return count > 0 && within > (count - 1) / 2;
}

bool lives_mostly_within(struct lives *lives, uint64_t now_ns, uint64_t span_ns, double limit_ns)
{
	if (!lives->asked.valid || lives->asked.now_ns != now_ns ||
		lives->asked.span_ns != span_ns || lives->asked.limit_ns != limit_ns) {
		lives->asked.most = most_within(lives, now_ns, span_ns, limit_ns);
		lives->asked.now_ns = now_ns;
		lives->asked.span_ns = span_ns;
		lives->asked.limit_ns = limit_ns;
		lives->asked.valid = true;
	}
	return lives->asked.most;
}
