/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The nodes of a YAML file, each with its position, and the questions asked of them. Reads no file
 * and knows no YAML; never prints: what is wrong goes to the problems.
 *
 * Names here start with y, since yaml_ is the library's.
 */
#pragma once

#include "common/base.h"
#include "common/problems.h"

#define YTREE_DEPTH_MAX 16
#define YTREE_NODES_MAX 100000 /* a thousand rules with every key */
#define YTREE_KEYS_MAX	256 /* of one mapping */

enum ynode_kind {
	YNODE_SCALAR,
	YNODE_SEQUENCE,
	YNODE_MAPPING,
	YNODE_BAD, /* its problem is already told; conversions fail silently */
};

struct ynode {
	enum ynode_kind kind;
	bool plain;	  /* a scalar written without quotes */
	size_t line, col; /* 1-based; col counts characters */
	/* Next in the sequence or mapping; first of this sequence or mapping. */
	const struct ynode *next, *first;
	const struct ynode *key; /* a scalar; NULL if this is no value of a mapping */
	unsigned count;		 /* of items or keys */
	struct ynode *owned_next;
	size_t len;
	char text[]; /* of a scalar: valid UTF-8, may contain NUL in quotes; a NUL follows */
};

struct ytree {
	char *file;		   /* as it is called in problems */
	struct problems *problems; /* borrowed */
	const struct ynode *root;  /* NULL: nothing in the file but comments */
	bool broken; /* reading stopped early: the tree holds what stood before, missing things mean
			nothing */
	struct ynode *owned;
	unsigned nodes;
};

#define YTREE_INIT                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}
#define _cleanup_ytree_ _cleanup_(ytree_done)

void ytree_done(struct ytree *tree);

/* The value of @key in @mapping (its first one), or NULL. A node that is no mapping has no keys. */
const struct ynode *ynode_get(const struct ynode *mapping, const char *key);

/* True for a scalar whose text is @text, quoted or not. */
bool ynode_is_text(const struct ynode *node, const char *text);

/* True for null as YAML spells it without quotes: nothing, ~ or null. */
bool ynode_is_null(const struct ynode *node);

/* Adds a problem at @node's position (1:1 if NULL). @key may be NULL. */
void ytree_problem(const struct ytree *tree, const struct ynode *node, const char *key,
	const char *fmt, ...) printf_like(4, 5);
