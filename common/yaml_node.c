/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ytree_done(struct ytree *tree)
{
	struct ynode *node = tree->owned;

	while (node) {
		struct ynode *next = node->owned_next;

		free(node);
		node = next;
	}
	free(tree->file);
	*tree = (struct ytree)YTREE_INIT;
}

const struct ynode *ynode_get(const struct ynode *mapping, const char *key)
{
	if (!mapping || mapping->kind != YNODE_MAPPING)
		return NULL;
	for (const struct ynode *value = mapping->first; value; value = value->next)
		if (ynode_is_text(value->key, key))
			return value;
	return NULL;
}

bool ynode_is_text(const struct ynode *node, const char *text)
{
	return node && node->kind == YNODE_SCALAR && node->len == strlen(text) &&
	       memcmp(node->text, text, node->len) == 0;
}

bool ynode_is_null(const struct ynode *node)
{
	return ynode_is_text(node, "") || ynode_is_text(node, "~") || ynode_is_text(node, "null")
		       ? node->plain
		       : false;
}

void ytree_problem(
	const struct ytree *tree, const struct ynode *node, const char *key, const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	problems_add(tree->problems, tree->file, node ? node->line : 1, node ? node->col : 1, key,
		"%s", reason);
}
