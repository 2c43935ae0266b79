/* SPDX-License-Identifier: AGPL-3.0-only */
/* What a replay has told, summed up: by rule, and in it by culprit. Does no I/O. Bounded: of one
 * rule so many culprits, the rest are counted. */
#pragma once

#include <jansson.h>

#include "common/base.h"

#define REPLAYED_CULPRITS_MAX 100

struct replayed_span {
	uint64_t alerts;
	double first, last; /* epoch seconds */
};

struct replayed_culprit {
	struct replayed_span span;
	json_t *json; /* of its first alert; NULL: nobody stood out */
};

struct replayed_rule {
	struct replayed_span span;
	char *name;
	struct replayed_culprit *culprits;
	unsigned count;
	uint64_t others; /* alerts about further culprits */
};

struct replayed {
	struct replayed_rule *rules; /* as they fired first */
	unsigned count;
	uint64_t alerts;
};

void replayed_done(struct replayed *replayed);

/* An alert as ruled --replay prints it. 0, -EINVAL: it is none; -ENOMEM. */
must_check int replayed_add(struct replayed *replayed, const json_t *alert);

/* {"started_at", "alerts", "rules": […]}; NULL without memory. @started: wall time of the
 * recording, 0: not known. */
json_t *replayed_json(const struct replayed *replayed, double started);
