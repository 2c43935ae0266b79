/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/budget.h"

void budget_init(struct budget *budget, uint32_t limit_pct)
{
	*budget = (struct budget){.limit_pct = limit_pct};
}

static uint64_t growth(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

static bool is_off(const struct budget *budget, enum budget_part part)
{
	for (unsigned i = 0; i < budget->off_count; i++)
		if (budget->off[i] == part)
			return true;
	return false;
}

/* False: there is nothing left that would save anything. */
static bool find_costliest(const struct budget *budget, const struct budget_reading *now,
	unsigned spare, enum budget_part *costliest)
{
	uint64_t most = (now->time_ns - budget->begin.time_ns) / BUDGET_WORTH;
	bool found = false;

	for (enum budget_part part = 0; part < BUDGET_PARTS; part++) {
		uint64_t cost = growth(budget->begin.part_ns[part], now->part_ns[part]);

		if (!(spare & 1U << part) || is_off(budget, part) || cost <= most)
			continue;
		most = cost;
		*costliest = part;
		found = true;
	}
	return found;
}

static void decide(struct budget *budget, const struct budget_reading *now, unsigned spare,
	struct budget_decision *decision)
{
	uint64_t window = now->time_ns - budget->begin.time_ns;
	uint64_t used = growth(budget->begin.used_ns, now->used_ns), limit = budget->limit_pct * 10;

	decision->used_permille = (uint32_t)(used * 1000 / window);
	budget->calm_ns = decision->used_permille * 2 < limit ? budget->calm_ns + window : 0;
	if (decision->used_permille > limit) {
		if (!find_costliest(budget, now, spare, &decision->part))
			return;
		decision->verdict = BUDGET_SWITCH_OFF;
		budget->off[budget->off_count++] = decision->part;
	} else if (budget->off_count > 0 && budget->calm_ns >= BUDGET_CALM_NS) {
		decision->verdict = BUDGET_SWITCH_ON;
		decision->part = budget->off[--budget->off_count];
		budget->calm_ns = 0;
	}
}

struct budget_decision budget_look(
	struct budget *budget, const struct budget_reading *now, unsigned spare)
{
	struct budget_decision decision = {.verdict = BUDGET_KEEP};

	if (budget->begun && growth(budget->begin.time_ns, now->time_ns) < BUDGET_WINDOW_NS)
		return decision;
	if (budget->begun)
		decide(budget, now, spare, &decision);
	budget->begin = *now;
	budget->begun = true;
	return decision;
}
