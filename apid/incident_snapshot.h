/* SPDX-License-Identifier: AGPL-3.0-only */
/* The evidence of an incident as JSON. @wall_offset_ns: wall clock minus boot time. NULL when
 * memory is short. */
#pragma once

#include "apid/incident_evidence.h"
#include "apid/shape.h"

/* The host, and who was on top. */
json_t *incident_snapshot(
	const struct incident_evidence *evidence, shape_user user, int64_t wall_offset_ns);

/* The culprit with those above and below it, from the top. */
json_t *incident_tree(
	const struct incident_evidence *evidence, shape_user user, int64_t wall_offset_ns);

/* null where it was not told. */
json_t *incident_series(const struct incident_evidence *evidence);

json_t *incident_events(const struct incident_evidence *evidence);
