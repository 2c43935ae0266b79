/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What the rules on samples see: after each whole pass every process once, with each host sample
 * the host; and what of it is to be told. Pure.
 */
#pragma once

#include "ruled/cgroups.h"
#include "ruled/detector.h"
#include "ruled/level.h"
#include "ruled/rule_state.h"

struct survey {
	struct level_pass pass;
	const struct cgroups *cgroups;
	struct rule_state **states;
	unsigned count;
	double floor[GAUGE_COUNT];	 /* no rule asks for less */
	enum gauge asked[GAUGE_COUNT]; /* by rules on the level of processes */
	unsigned asked_count;
	bool needed;		   /* a rule looks at samples */
	struct {
		uint64_t busy_ns, total_ns; /* of all CPUs, as the last host sample said; 0: none */
	} cpu;
	struct growth_sets *growths; /* of all states */
	uint64_t now_ns; /* when the pass ended */
	/* What is due, with the alert's number to be set in @firing. */
	void (*on_found)(void *ctx, struct rule_state *state, struct firing *firing,
		const struct finding *finding);
	void *ctx;
};

/* The rules have changed. */
void survey_rules(struct survey *survey, struct rule_state **states, unsigned count);

/* A pass that ended at @now_ns is in @table whole. */
void survey_pass(struct survey *survey, struct process_table *table, uint64_t now_ns);

void survey_host(struct survey *survey, const struct host_sample *sample);

/* Samples are missing: what held before may not have held since. */
void survey_forget(struct survey *survey);
