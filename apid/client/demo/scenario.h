/* SPDX-License-Identifier: AGPL-3.0-only */
/* Which load is to make which detector fire, and which of the rules that are loaded it can reach.
 * Pure. */
#pragma once

#include <jansson.h>

#include "apid/client/demo/load.h"

struct scenario {
	const char *name; /* "fork-storm" */
	const char *detector;
	const char *summary;
	load_fn *load;
	double level;	  /* what the load makes: more than a threshold it can reach */
	double level_cpu; /* and more for the second CPU, if there is one */
	bool per_second;  /* a window of n seconds sees n times the level */
	bool level_only;  /* a rule of this detector with a window counts something else */
	unsigned seconds; /* how long the alert is waited for */
};

#define SCENARIOS 6
extern const struct scenario scenarios[SCENARIOS];

const struct scenario *scenario_find(const char *name);

#define SCENARIO_WHY_SIZE 256

/* Of the rules of GET /rules, those that the load must make fire. */
struct expected {
	const struct scenario *scenario;
	const json_t *rules; /* borrowed */
	double now;	     /* epoch seconds */
	unsigned cpus;
};

/* True if there is such a rule at all; @why says why not. */
bool scenario_possible(const struct expected *expected, char why[SCENARIO_WHY_SIZE]);

/* Is an alert of this rule what was waited for? */
bool scenario_expects(const struct expected *expected, const char *rule);
