/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/ruleset.h"

#include <errno.h>
#include <string.h>

#include "common/yaml_keys.h"
#include "ruled/rule_draft.h"

void ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return;
	for (unsigned i = 0; i < ruleset->count; i++)
		rule_def_free(ruleset->rules[i]);
	free(ruleset->rules);
	free(ruleset);
}

void ruleset_freep(struct ruleset **ruleset)
{
	ruleset_free(*ruleset);
}

const struct rule_def *ruleset_find(const struct ruleset *ruleset, const char *name)
{
	for (unsigned i = 0; i < ruleset->count; i++)
		if (strcmp(ruleset->rules[i]->name, name) == 0)
			return ruleset->rules[i];
	return NULL;
}

static bool same_name(const struct ynode *a, const struct ynode *b)
{
	return a && b && a->kind == YNODE_SCALAR && b->kind == YNODE_SCALAR && a->len > 0 &&
	       a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Also told of rules that have other problems. */
static int refuse_duplicate(
	const struct ytree *tree, const struct ynode *first, const struct ynode *node)
{
	const struct ynode *name = ynode_get(node, "name");

	for (; first != node; first = first->next) {
		if (!same_name(ynode_get(first, "name"), name))
			continue;
		ytree_problem(tree, name, "name", "the rule in line %zu is called %s too",
			first->line, name->text);
		return -EINVAL;
	}
	return 0;
}

/* Adds the rule at @node. -EINVAL: it has problems. */
static int add_rule(const struct ytree *tree, const struct ynode *node, struct ruleset *ruleset)
{
	struct rule_def *rule;
	int duplicate = refuse_duplicate(tree, tree->root->first, node);
	int r = rule_draft_read(tree, node, &rule);

	if (r == 0)
		ruleset->rules[ruleset->count++] = rule;
	return MIN(r, duplicate);
}

static int check_root(const struct ytree *tree, const struct ynode *root)
{
	if (root->kind != YNODE_SEQUENCE)
		return yvalue_expected(tree, root, "rules", "a list of rules");
	if (root->count > RULES_MAX) {
		ytree_problem(tree, root, "rules", "%u rules; at most %d are allowed", root->count,
			RULES_MAX);
		return -EINVAL;
	}
	return 0;
}

/* Goes on after a bad rule, so that all problems are told. */
static int read_rules(const struct ytree *tree, struct ruleset *ruleset)
{
	int r;

	if (!tree->root || ynode_is_null(tree->root))
		return 0;
	r = check_root(tree, tree->root);
	if (r < 0)
		return r;
	ruleset->rules = calloc(tree->root->count + 1, sizeof(struct rule_def *));
	if (!ruleset->rules)
		return -ENOMEM;
	for (const struct ynode *node = tree->root->first; node; node = node->next) {
		int one = add_rule(tree, node, ruleset);

		if (one == -ENOMEM)
			return one;
		r = MIN(r, one);
	}
	return r;
}

/* @r: how the tree was read. A damaged file still shows what else is wrong with it. */
static int read_tree(const struct ytree *tree, int r, struct ruleset **ruleset)
{
	_cleanup_(ruleset_freep) struct ruleset *made = NULL;
	int rules;

	if (r < 0 && r != -EINVAL)
		return r;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	rules = read_rules(tree, made);
	if (r < 0 || rules < 0)
		return r < 0 ? r : rules;
	*ruleset = TAKE_PTR(made);
	return 0;
}

int ruleset_load(int dirfd, const char *path, const char *shown, struct problems *problems,
	struct ruleset **ruleset)
{
	_cleanup_ytree_ struct ytree tree = YTREE_INIT;

	return read_tree(&tree, ytree_load(&tree, dirfd, path, shown, problems), ruleset);
}

int ruleset_parse(const char *data, size_t len, const char *shown, struct problems *problems,
	struct ruleset **ruleset)
{
	_cleanup_ytree_ struct ytree tree = YTREE_INIT;

	return read_tree(&tree, ytree_parse(&tree, data, len, shown, problems), ruleset);
}
