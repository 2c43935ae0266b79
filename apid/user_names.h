/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Names of users for one answer: each is looked up once, however many rows name it. The list of
 * users may be long, and nobody else is served meanwhile.
 */
#pragma once

#include <sys/types.h>

#include "common/base.h"

#define USER_NAMES_MAX 128 /* as many as an incident has rows */

/* Forgets what the answer before has looked up: users come and go. */
void user_names_begin(void);

/* As account_name(). */
const char *user_name(uid_t uid, char *buffer, size_t size);

/* How often the list of users was read since user_names_begin(). */
unsigned user_names_read(void);
