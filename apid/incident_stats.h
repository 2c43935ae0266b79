/* SPDX-License-Identifier: AGPL-3.0-only */
/* How many incidents there are of each kind, as JSON. Builds; reads no clock. */
#pragma once

#include "apid/incidents.h"

/* @now_wall_ns: of which the last 24 hours are counted. NULL when memory is short, as below. */
json_t *incidents_summary(const struct incidents *incidents, uint64_t now_wall_ns);

json_t *incidents_stats(const struct incidents *incidents);
