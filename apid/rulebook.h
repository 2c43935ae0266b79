/* SPDX-License-Identifier: AGPL-3.0-only */
/* The rules as ruled tells them. A new set replaces the old one when it is whole. Keeps; never
 * interprets. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define RULEBOOK_MAX	    4096
#define RULEBOOK_NAME_BYTES 130

struct rulebook_rule {
	struct rule rule;
	char name[RULEBOOK_NAME_BYTES], detector[66];
};

struct rulebook {
	bool known; /* a whole set has come on this connection */
	bool reload_success;
	char error[1040]; /* "" or file:line:col: reason of the reload that was refused */
	struct rulebook_rule *rules;
	unsigned count;
	struct rulebook_rule *coming; /* the set being told */
	unsigned expected, seen;
	uint64_t generation;
};

void rulebook_done(struct rulebook *book);

/* The feed is gone: what was told may not be true any more. */
void rulebook_forget(struct rulebook *book);

/* NULL: there is no rule of this name, or none is known. */
const struct rulebook_rule *rulebook_find(const struct rulebook *book, const char *name);

/* @frame: RULES, RULE. 0, -EPROTO (out of turn, too many), -ENOMEM. */
must_check int rulebook_set(struct rulebook *book, const struct frame *frame);
must_check int rulebook_rule(struct rulebook *book, const struct frame *frame);

/* How many are from the rules file: those that are built in follow them. */
unsigned rulebook_loaded(const struct rulebook *book);
