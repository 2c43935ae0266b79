/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The walker of mappings: a table says which keys a mapping may have, what each holds, its range
 * and where it goes in a struct. Every reader of a file uses this one, so that unknown keys, wrong
 * types and ranges are told alike. Reads the whole mapping; never stops at the first problem.
 */
#pragma once

#include "common/yaml_value.h"

#define YKEYS_MAX 64 /* of one table */

/* What a key holds and the type its offset points to. */
enum ykey_kind {
	YKEY_U32,     /* uint32_t from min to max */
	YKEY_DOUBLE,  /* double from min to max */
	YKEY_BOOL,    /* bool */
	YKEY_NAME,    /* one of names; int or an enum */
	YKEY_NAMES,   /* list of names; uint32_t, values are bits */
	YKEY_TEXT,    /* char[text->max + 1] */
	YKEY_TEXTS,   /* struct config_list */
	YKEY_SECTION, /* a mapping with the keys of sub; offsets there count from the same struct */
	YKEY_NODE,    /* anything: check does all the work */
	YKEY_KINDS,
};

struct ykeys;

/* Looks at what was read from @node into @target, which was right so far, and adds problems of its
 * own. */
typedef void ykey_check(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target);

struct ykey {
	const char *name;
	enum ykey_kind kind;
	size_t offset;
	double min, max;	       /* of the number */
	const struct ytext_spec *text; /* of the text or of each one of the list */
	const struct yname *names;
	const struct ykeys *sub;
	bool required;
	uint32_t groups;   /* known only if the call is for one of these; 0: always */
	ykey_check *check; /* may be NULL */
};

struct ykeys {
	const struct ykey *keys;
	unsigned count;
};

#define YKEYS(table)                                                                               \
	{                                                                                          \
		(table), ARRAY_LEN(table)                                                          \
	}

/*
 * Reads @mapping by @keys into @target.
 *   prefix  stands before each key in problems, for example "collector." or "fork_storm."; "" for
 * none what    the mapping's name in problems: "collector", "rule fork_storm", "detector
 * forks_per_sec" groups  the groups this call is for: a key of other groups is refused as "not a
 * key of WHAT" seen    which entries of the table were there, bit by bit, right or wrong; may be
 * NULL Returns 0, -EINVAL if problems were added (what had none is in @target), or -ENOMEM.
 */
struct ykeys_call {
	const char *prefix, *what;
	uint32_t groups;
};

must_check int ykeys_read(const struct ytree *tree, const struct ynode *mapping,
	const struct ykeys *keys, const struct ykeys_call *call, void *target, uint64_t *seen);
