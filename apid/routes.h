/* SPDX-License-Identifier: AGPL-3.0-only */
/* Everything apid answers: the one table of the HTTP API. */
#pragma once

#include "apid/router.h"

extern const struct route_table api_routes;
