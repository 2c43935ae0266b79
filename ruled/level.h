/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Rules on what samples show: who has been over the threshold in every sample for how long, and
 * which of them is the culprit. Bounded: what there is no room for is not followed. Pure: time
 * comes with the passes.
 */
#pragma once

#include <sys/queue.h>

#include "common/map.h"
#include "common/pool.h"
#include "ruled/series.h"
#include "ruled/usage.h"

#define HOLDS_MAX 1024 /* of one rule */

struct rule_state;
struct rule_def;

/* A process, or the host, that is over the threshold. */
struct hold {
	struct map_key key;
	TAILQ_ENTRY(hold) order;
	struct process_entry *entry; /* NULL: the host. Valid while its pass is looked at */
	uint64_t since_ns;
	double value;	  /* in the newest sample */
	double sum;	  /* of the samples since it was last told */
	double explained; /* of value, by culprits below that were told */
	uint32_t samples; /* in sum */
	uint32_t pass;	  /* of the newest sample */
	bool ripe;	  /* for long enough */
	struct series_recent recent; /* values; the host's stand in the set */
};

TAILQ_HEAD(hold_list, hold);

struct hold_set {
	struct map map;
	struct pool pool;
	struct hold_list all;
	struct hold *next; /* where level_next() goes on */
	double host_value; /* of the host, in its newest sample */
	struct series_recent host; /* its values, over the threshold or not */
	uint64_t refused;  /* not followed for want of room */
};

void hold_set_init(struct hold_set *set);
void hold_set_done(struct hold_set *set);
/* What was over the threshold is unknown by now. */
void hold_set_clear(struct hold_set *set);

/* The newest pass or host sample. */
struct level_pass {
	const struct process_table *table;
	const struct suite_users *suite;
	struct usage_host host;
	uint64_t begin_ns;  /* what times are measured by */
	uint64_t before_ns; /* of the last one: where rates begin */
	uint32_t number;    /* counts passes and host samples */
};

/* What was found: the one over the threshold, and who is to blame for it. */
struct level_find {
	struct hold *decider;
	struct process_entry *culprit; /* NULL: nobody stands out */
	double value, own;	       /* the decider's and the culprit's */
	uint64_t since_ns;
	struct series_source series;
};

/* The measured value of a rule that looks at processes. */
double level_value(const struct rule_def *rule, const struct process_entry *entry);

/* One process of the pass, or the host. */
void level_see(
	const struct level_pass *pass, struct rule_state *state, struct process_entry *entry);
void level_see_host(const struct level_pass *pass, struct rule_state *state, double value);

/* After all were seen: who was not over the threshold this time begins anew. */
void level_settle(const struct level_pass *pass, struct rule_state *state);

/* The next one that has been over the threshold for long enough, topmost only; false: no more. */
bool level_next(const struct level_pass *pass, struct rule_state *state, struct level_find *find);
