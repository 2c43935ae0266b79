/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_keys.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEY_BYTES 192 /* of a key as it is told, with its sections */

/* One value on its way from @node into @field. */
struct entry {
	const struct ytree *tree;
	const struct ynode *node;
	const struct ykey *key;
	const struct ykeys_call *call;
	const char *name; /* with its sections */
	void *target;
	void *field; /* in target */
};

static int read_u32(const struct entry *e)
{
	return yvalue_u32(
		e->tree, e->node, e->name, (uint32_t)e->key->min, (uint32_t)e->key->max, e->field);
}

static int read_double(const struct entry *e)
{
	return yvalue_double(e->tree, e->node, e->name, e->key->min, e->key->max, e->field);
}

static int read_bool(const struct entry *e)
{
	return yvalue_bool(e->tree, e->node, e->name, e->field);
}

static int read_name(const struct entry *e)
{
	return yvalue_name(e->tree, e->node, e->name, e->key->names, e->field);
}

static int read_names(const struct entry *e)
{
	return yvalue_names(e->tree, e->node, e->name, e->key->names, e->field);
}

static int read_text(const struct entry *e)
{
	return yvalue_text(e->tree, e->node, e->name, e->key->text, e->field);
}

static int read_texts(const struct entry *e)
{
	return yvalue_texts(e->tree, e->node, e->name, e->key->text, e->field);
}

static int read_section(const struct entry *e)
{
	char prefix[KEY_BYTES];
	struct ykeys_call call = {prefix, e->name, e->call->groups};

	snprintf(prefix, sizeof(prefix), "%s.", e->name);
	return ykeys_read(e->tree, e->node, e->key->sub, &call, e->target, NULL);
}

static int read_node(const struct entry *e)
{
	return e->node->kind == YNODE_BAD ? -EINVAL : 0;
}

static int (*const READERS[YKEY_KINDS])(const struct entry *) = {
	[YKEY_U32] = read_u32,
	[YKEY_DOUBLE] = read_double,
	[YKEY_BOOL] = read_bool,
	[YKEY_NAME] = read_name,
	[YKEY_NAMES] = read_names,
	[YKEY_TEXT] = read_text,
	[YKEY_TEXTS] = read_texts,
	[YKEY_SECTION] = read_section,
	[YKEY_NODE] = read_node,
};

static bool is_known(const struct ykey *key, const struct ykeys_call *call)
{
	return key->groups == 0 || (key->groups & call->groups) != 0;
}

/* The entry of this name, one that the call knows if there are several. */
static const struct ykey *find_key(
	const struct ykeys *keys, const struct ynode *name, const struct ykeys_call *call)
{
	const struct ykey *found = NULL;

	for (unsigned i = 0; i < keys->count; i++) {
		if (!ynode_is_text(name, keys->keys[i].name))
			continue;
		found = &keys->keys[i];
		if (is_known(found, call))
			return found;
	}
	return found;
}

/* Tells which keys there are instead. */
static int refuse_key(const struct entry *e, const struct ykeys *keys)
{
	char known[384] = "";
	size_t used = 0;

	for (unsigned i = 0; i < keys->count; i++) {
		const struct ykey *key = &keys->keys[i];

		if (!is_known(key, e->call))
			continue;
		used += (size_t)snprintf(
			known + used, sizeof(known) - used, "%s%s", used ? ", " : "", key->name);
		used = MIN(used, sizeof(known) - 1);
	}
	ytree_problem(e->tree, e->node->key, e->name, "%s; %s has %s",
		e->key ? "not a key here" : "unknown key", e->call->what, known);
	return -EINVAL;
}

/* What the table's own check finds. */
static int check_value(const struct entry *e)
{
	unsigned before = e->tree->problems->count;

	if (e->key->check)
		e->key->check(e->tree, e->node, e->name, e->target);
	return e->tree->problems->count > before ? -EINVAL : 0;
}

static int read_key(const struct ytree *tree, const struct ynode *node, const struct ykeys *keys,
	const struct ykeys_call *call, void *target, uint64_t *seen)
{
	const struct ykey *key = find_key(keys, node->key, call);
	char name[KEY_BYTES];
	struct entry e = {tree, node, key, call, name, target, NULL};
	int r;

	snprintf(name, sizeof(name), "%s%s", call->prefix, node->key->text);
	if (!key || !is_known(key, call))
		return refuse_key(&e, keys);
	*seen |= 1ULL << (key - keys->keys);
	e.field = (char *)target + key->offset;
	r = READERS[key->kind](&e);
	return r < 0 ? r : check_value(&e);
}

/* Missing keys are told at the mapping itself. What a broken file would have held nobody knows. */
static int check_required(const struct ytree *tree, const struct ynode *mapping,
	const struct ykeys *keys, const struct ykeys_call *call, uint64_t seen)
{
	int r = 0;

	for (unsigned i = 0; i < keys->count && !tree->broken; i++) {
		const struct ykey *key = &keys->keys[i];
		char name[KEY_BYTES];

		if (!key->required || !is_known(key, call) || (seen & (1ULL << i)))
			continue;
		snprintf(name, sizeof(name), "%s%s", call->prefix, key->name);
		ytree_problem(tree, mapping, name, "missing in %s", call->what);
		r = -EINVAL;
	}
	return r;
}

int ykeys_read(const struct ytree *tree, const struct ynode *mapping, const struct ykeys *keys,
	const struct ykeys_call *call, void *target, uint64_t *seen)
{
	uint64_t present = 0;
	int r = 0, missing;

	assert(keys->count <= YKEYS_MAX);
	if (mapping->kind != YNODE_MAPPING)
		return yvalue_expected(
			tree, mapping, call->prefix[0] ? call->what : NULL, "a mapping of keys");
	for (const struct ynode *node = mapping->first; node; node = node->next) {
		int one = read_key(tree, node, keys, call, target, &present);

		if (one == -ENOMEM)
			return one;
		r = MIN(r, one);
	}
	missing = check_required(tree, mapping, keys, call, present);
	r = MIN(r, missing);
	if (seen)
		*seen = present;
	return r;
}
