/* SPDX-License-Identifier: AGPL-3.0-only */
/* The measured values of a rule over time, as an incident shows them. Pure. */
#pragma once

#include "proto/frame.h"
#include "ruled/window.h"

#define SERIES_RECENT 32

struct series_point {
	uint64_t time_ns;
	double value;
};

/* Oldest first. */
struct series {
	unsigned count;
	struct series_point at[INCIDENT_POINTS_MAX];
};

/* The newest values of something that is measured again and again; all zero: none yet. */
struct series_recent {
	uint32_t added; /* ever */
	struct series_point at[SERIES_RECENT];
};

void series_recent_add(struct series_recent *recent, uint64_t time_ns, double value);

struct growth;
struct rule_def;

/* Where the values of a finding stand; at most one is not NULL. */
struct series_source {
	const struct window *window; /* counted events, of this shape */
	const struct window_shape *shape;
	const struct series_recent *recent;
	const struct growth *growth;
};

/* Fills @series with what @source knows, also of before the line was crossed. */
void series_fill(struct series *series, const struct series_source *source);

/* What the values of @rule are: "events", "% of a core", … */
const char *series_unit(const struct rule_def *rule);
