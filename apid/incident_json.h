/* SPDX-License-Identifier: AGPL-3.0-only */
/* Incidents as the JSON users see. Builds; reads no clock. */
#pragma once

#include "apid/actions.h"
#include "apid/incidents.h"
#include "apid/shape.h"

/* Without its evidence, as a list and a stream have it. NULL when memory is short, as below. */
json_t *incident_json(const struct stored_incident *incident);

/* Whole. @actions: among them those proposed for it. */
json_t *incident_json_whole(
	const struct stored_incident *incident, const struct actions *actions, shape_user user);
