/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What collecting costs: our own CPU time and that of the kernel programs in other processes. Asks
 * the budget and switches what it says. Never touches fork, exec and exit.
 */
#pragma once

#include "collectord/budget.h"
#include "collectord/probes.h"

struct spending {
	struct budget budget;
	struct probes *probes;
};

struct spending_reading {
	uint64_t time_ns;
	uint64_t own_cpu_ns;	     /* what iterators do on our behalf is in it */
	uint64_t connections_cpu_ns; /* of it, what counting open connections took */
};

/* @probes outlives it. */
void spending_init(struct spending *spending, struct probes *probes, uint32_t limit_pct);

/* To be called often. True: something was switched off or on, see probe_status(). */
bool spending_look(struct spending *spending, const struct cpu_counters *sum,
	const struct spending_reading *reading);
