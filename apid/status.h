/* SPDX-License-Identifier: AGPL-3.0-only */
/* What apid knows, as the JSON of /status, /readyz and /rules. Builds; reads no clock. */
#pragma once

#include <jansson.h>

#include "apid/apid.h"

json_t *status_json(const struct apid *apid, uint64_t now_ns);

/* null, or {by, since}. */
json_t *status_hold(const struct suite *suite);

/* *ready says which answer it is. */
json_t *status_ready(const struct apid *apid, uint64_t now_ns, bool *ready);

json_t *status_rules(const struct rulebook *book);
