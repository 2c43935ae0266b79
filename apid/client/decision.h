/* SPDX-License-Identifier: AGPL-3.0-only */
/* POST of what a person has decided. The daemon asks the kernel who that is; what we write is a
 * label. */
#pragma once

#include <jansson.h>

#include "apid/client/client.h"

/* Adds approver and reason to @body, which is taken, posts it, and prints the answer. */
int decision_post(const struct client *client, const char *path, json_t *body,
	void (*print)(const json_t *answer));
