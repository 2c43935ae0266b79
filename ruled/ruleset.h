/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The rules file: read and validated whole, so that a ruleset is either complete or not there.
 * Tells every problem with its place; never guesses a value.
 */
#pragma once

#include "common/base.h"
#include "common/problems.h"
#include "ruled/rule.h"

#define RULES_MAX	  1000
#define RULE_EXCLUDES_MAX 32

struct ruleset {
	struct rule_def **rules; /* in the order of the file */
	unsigned count;
	unsigned built_in; /* of these, the last: not from the file */
};

/*
 * Reads @path, relative to the directory @dirfd (or AT_FDCWD); @shown is its name in problems. User
 * names are looked up. -EINVAL: every problem is in @problems; -ENOENT: there is no such file;
 * -ENOMEM.
 */
must_check int ruleset_load(int dirfd, const char *path, const char *shown,
	struct problems *problems, struct ruleset **ruleset);

/* The same from @len bytes of @data. */
must_check int ruleset_parse(const char *data, size_t len, const char *shown,
	struct problems *problems, struct ruleset **ruleset);

void ruleset_free(struct ruleset *ruleset);
void ruleset_freep(struct ruleset **ruleset);

/* The rule of this name, or NULL. */
const struct rule_def *ruleset_find(const struct ruleset *ruleset, const char *name);
