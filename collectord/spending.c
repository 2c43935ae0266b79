/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/spending.h"

#include <stdio.h>

#include "collectord/counters.h"
#include "common/log.h"

static const enum program_id probe_of[BUDGET_PARTS] = {
	[BUDGET_CONNECTIONS] = PROGRAM_CONNECTIONS,
	[BUDGET_CONNECTS] = PROGRAM_CONNECT,
	[BUDGET_ARGS] = PROBE_ARGS,
};

void spending_init(struct spending *spending, struct probes *probes, uint32_t limit_pct)
{
	spending->probes = probes;
	budget_init(&spending->budget, limit_pct);
}

/* Iterators run in our own reads, so that their time is ours already. */
static bool runs_elsewhere(enum program_id program)
{
	return program != PROGRAM_TASK && program != PROGRAM_CONNECTIONS;
}

static struct budget_reading read_costs(
	const struct cpu_counters *sum, const struct spending_reading *reading)
{
	struct budget_reading now = {.time_ns = reading->time_ns, .used_ns = reading->own_cpu_ns};

	for (enum program_id i = 0; i < PROGRAM_COUNT; i++)
		if (runs_elsewhere(i))
			now.used_ns += counters_program_ns(&sum->programs[i]);
	now.part_ns[BUDGET_CONNECTIONS] = reading->connections_cpu_ns;
	now.part_ns[BUDGET_CONNECTS] = counters_program_ns(&sum->programs[PROGRAM_CONNECT]);
	now.part_ns[BUDGET_ARGS] = counters_program_ns(&sum->programs[PROBE_ARGS]);
	return now;
}

static unsigned working_parts(const struct spending *spending)
{
	unsigned spare = 0;

	for (enum budget_part part = 0; part < BUDGET_PARTS; part++)
		if (probe_status(spending->probes, probe_of[part]).attached)
			spare |= 1U << part;
	return spare;
}

bool spending_look(struct spending *spending, const struct cpu_counters *sum,
	const struct spending_reading *reading)
{
	struct budget_reading now = read_costs(sum, reading);
	struct budget_decision decision =
		budget_look(&spending->budget, &now, working_parts(spending));
	enum program_id probe = probe_of[decision.part];
	const char *name = probe_status(spending->probes, probe).name;
	char why[96] = "";

	if (decision.verdict == BUDGET_KEEP)
		return false;
	if (decision.verdict == BUDGET_SWITCH_OFF) {
		snprintf(why, sizeof(why), "switched off: over the CPU budget (%u.%u %% of %u %%)",
			decision.used_permille / 10, decision.used_permille % 10,
			spending->budget.limit_pct);
		log_warn("%s is %s", name, why);
	} else {
		log_info("%s works again: less than half of the CPU budget is used", name);
	}
	probes_switch(spending->probes, probe, why);
	return true;
}
