/* SPDX-License-Identifier: AGPL-3.0-only */
/* GET of a list with the options that narrow it. */
#pragma once

#include <jansson.h>

#include "apid/client/client.h"

/* Asks @path with --limit, --severity, --rule and --status as given, and prints JSON or calls
 * @print. */
int list_ask(const struct client *client, const char *path,
	int (*print)(const struct client *client, const json_t *list));

/* --limit; 0: not given. EXIT_OK or EXIT_USAGE (said). */
int list_limit(const struct client *client, unsigned *limit);
