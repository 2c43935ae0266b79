/* SPDX-License-Identifier: AGPL-3.0-only */
/* What a secret in an argument list looks like: the one table, and how names are compared with it.
 * Pure. */
#pragma once

#include "common/base.h"

/*
 * A name is what stands before '=' or ':' or is an option: DB_PASSWORD, --api-key, "clientSecret".
 * It is compared in lower case with '-' between its words, so that all three ways of writing look
 * alike.
 */
enum secret_kind {
	NAME_HAS,   /* the name contains it: its value is a secret */
	NAME_LAST,  /* it is the name's last word: likewise */
	NAME_PLAIN, /* it is the name's last word: the value is only a pointer to a secret, or there
		       is none */
	WORD_NEXT,  /* after this word a secret follows */
	TOOL_JOINED, /* for this program: the option with the secret in the same argument */
	TOOL_NEXT,   /* likewise in the next one */
};

enum secret_part { ALL, AFTER_COLON, AFTER_PERCENT };

struct secret_pattern {
	enum secret_kind kind;
	const char *word;
	const char *option; /* TOOL_… only */
	enum secret_part part;
};

extern const struct secret_pattern secret_patterns[];
extern const size_t secret_pattern_count;

/* The entry that makes the value of this name a secret, or NULL. */
const struct secret_pattern *secret_name(const char *name, size_t len);
