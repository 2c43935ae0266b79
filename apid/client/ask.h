/* SPDX-License-Identifier: AGPL-3.0-only */
/* Asks the API and says what went wrong. */
#pragma once

#include <jansson.h>

#include "apid/client/client.h"

struct reply {
	unsigned status;
	char *body; /* as it came */
	json_t *json;
};

void reply_done(struct reply *reply);

/*
 * EXIT_OK; EXIT_NO if the answer is an error, which has been said (and, with --json, printed);
 * EXIT_UNREACHABLE. @body NULL: GET, else POST.
 */
int ask(const struct client *client, const char *path, const char *body, struct reply *reply);

/* The same, but an answer with another status is the caller's. */
int ask_any(const struct client *client, const char *path, const char *body, struct reply *reply);

/* Says what an answer that is an error says, and prints it with --json. EXIT_NO. */
int reply_fail(const struct client *client, const struct reply *reply);

/* One line of JSON: an answer as it came. EXIT_OK. */
int say_json(const char *body);
