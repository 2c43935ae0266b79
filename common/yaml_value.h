/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Strict conversions of single nodes: no guesses, no half-read numbers; a quoted "5" is a text and
 * a plain 5 is a number. Each failure is one problem at the node that says what was expected (with
 * the range) and what was found. Knows no key of any file.
 *
 * All return 0, or -EINVAL with the problem added and *value untouched (YNODE_BAD: its problem is
 * already told).
 */
#pragma once

#include "common/config_list.h"
#include "common/yaml_tree.h"

/* A word of the file and what it stands for; tables end with a NULL name. */
struct yname {
	const char *name;
	int value;
};

#define YNAMES_MAX 32

must_check int yvalue_u32(const struct ytree *tree, const struct ynode *node, const char *key,
	uint32_t min, uint32_t max, uint32_t *value);
/* Finite; written as 5, -5, 5.5 or 5e-1. */
must_check int yvalue_double(const struct ytree *tree, const struct ynode *node, const char *key,
	double min, double max, double *value);
/* true or false, nothing else. */
must_check int yvalue_bool(
	const struct ytree *tree, const struct ynode *node, const char *key, bool *value);
must_check int yvalue_name(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct yname *names, int *value);
/* A list of names without duplicates; @value is the OR of what they stand for. */
must_check int yvalue_names(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct yname *names, uint32_t *value);

/* What a text must be like. */
struct ytext_spec {
	size_t min, max; /* bytes */
	bool numbers;	 /* a plain number is a text too, as in user: 1000 */
	/* Looks closer at a text that is right so far and adds problems of its own; may be NULL. */
	void (*check)(const struct ytree *tree, const struct ynode *node, const char *key);
};

/* A text without control characters; @buffer holds spec->max + 1. */
must_check int yvalue_text(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct ytext_spec *spec, char *buffer);
/* A list of such texts without duplicates, at most CONFIG_LIST_MAX, which replaces what @list held.
 * spec->max < CONFIG_TEXT_MAX. -ENOMEM too. */
must_check int yvalue_texts(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct ytext_spec *spec, struct config_list *list);

/* Tells what @node must be and what it is: "expected EXPECTED, found …". Returns -EINVAL. */
int yvalue_expected(const struct ytree *tree, const struct ynode *node, const char *key,
	const char *fmt, ...) printf_like(4, 5);
