/* SPDX-License-Identifier: AGPL-3.0-only */
/* One scenario beside a running suite: the load, and the alert that must come of it. */
#pragma once

#include "apid/client/client.h"
#include "apid/client/demo/scenario.h"

struct trial {
	bool pass;
	uint64_t delay_ns; /* from the start of the load to the alert's arrival; if passed */
	char rule[160];	   /* whose alert it was; if passed */
	char why[SCENARIO_WHY_SIZE]; /* if not */
};

/* EXIT_OK: @trial says how it went. Else it could not be tried, which has been said. */
int trial_run(const struct client *client, const struct scenario *scenario, struct trial *trial);
