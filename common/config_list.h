/* SPDX-License-Identifier: AGPL-3.0-only */
/* A bounded list of short texts, as configuration files hold them. Never allocates for a list of
 * defaults. */
#pragma once

#include "common/base.h"

#define CONFIG_TEXT_MAX 256 /* bytes of a text with its NUL */
#define CONFIG_LIST_MAX 64

struct config_list {
	unsigned count;
	unsigned capacity;		/* 0: items are constants that nobody frees */
	char (*items)[CONFIG_TEXT_MAX]; /* owned by the list if capacity > 0 */
};

/* A list of @count constants. @items must live as long as the list and is never written. */
struct config_list config_list_of(const char (*items)[CONFIG_TEXT_MAX], unsigned count);
void config_list_done(struct config_list *list);

/* Appends a copy of @text. Returns 0, -ENOSPC (CONFIG_LIST_MAX), -ENAMETOOLONG or -ENOMEM; then the
 * list is as before. */
must_check int config_list_add(struct config_list *list, const char *text);

bool config_list_has(const struct config_list *list, const char *text);
