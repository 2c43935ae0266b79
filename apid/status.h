/* SPDX-License-Identifier: AGPL-3.0-only */
/* What apid knows, as the JSON of /status, /readyz and /rules. Builds; reads no clock. */
#pragma once

#include <jansson.h>

#include "apid/apid.h"

json_t *status_json(const struct apid *apid, uint64_t now_ns, uint64_t wall_ns);

/* null, or {by, since}. */
json_t *status_hold(const struct suite *suite);

/* {kind, what, by, until}; @until_wall_ns 0: null. */
json_t *status_mute(enum mute_kind kind, const char *what, const char *by, uint64_t until_wall_ns);

/* *ready says which answer it is. */
json_t *status_ready(const struct apid *apid, uint64_t now_ns, bool *ready);

json_t *status_rules(const struct rulebook *book, uint64_t wall_ns);
