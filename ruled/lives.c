/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/lives.h"

void lives_add(struct lives *lives, uint64_t end_ns, uint64_t life_ns)
{
	lives->at[lives->next].end_ns = end_ns;
	lives->at[lives->next].life_ns = life_ns;
	lives->next = (lives->next + 1) % LIVES_MAX;
	lives->count = MIN(lives->count + 1, (unsigned)LIVES_MAX);
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
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
	qsort(recent, count, sizeof(recent[0]), compare);
	*median_ns = recent[(count - 1) / 2];
	return true;
}
