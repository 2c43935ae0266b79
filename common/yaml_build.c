/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "common/text.h"

#define PATH_BYTES 192 /* of a key as it is told, with its sections */

/* A sequence or mapping that is still open. */
struct level {
	struct ynode *node, *last;
	struct ynode *key; /* read, its value is yet to come */
};

struct builder {
	struct ytree *tree;
	const char *data; /* the whole file */
	size_t len;
	struct level levels[YTREE_DEPTH_MAX];
	unsigned depth, documents;
};

/* The rest of the file is not read. */
static void stop(struct builder *b, yaml_mark_t at, const char *reason)
{
	problems_add(
		b->tree->problems, b->tree->file, at.line + 1, at.column + 1, NULL, "%s", reason);
	b->tree->broken = true;
}

static struct ynode *new_node(
	struct builder *b, enum ynode_kind kind, yaml_mark_t at, const void *text, size_t len)
{
	struct ynode *node = calloc(1, sizeof(*node) + len + 1);

	if (!node)
		return NULL;
	*node = (struct ynode){.kind = kind, .line = at.line + 1, .col = at.column + 1, .len = len};
	if (len > 0)
		memcpy(node->text, text, len);
	node->owned_next = b->tree->owned;
	b->tree->owned = node;
	b->tree->nodes++;
	return node;
}

/* Where the reader stands, as "section.key"; @key, which may be NULL, comes last. Returns NULL at
 * the top. */
static const char *path_to(
	const struct builder *b, const struct ynode *key, char *path, size_t size)
{
	size_t used = 0;

	for (unsigned i = 0; i <= b->depth; i++) {
		const struct ynode *part = i < b->depth ? b->levels[i].node->key : key;
		int n;

		if (!part || part->kind == YNODE_BAD)
			continue;
		n = snprintf(path + used, size - used, "%s%s", used ? "." : "", part->text);
		used = MIN(used + (size_t)n, size - 1);
	}
	return used > 0 ? path : NULL;
}

/* The key whose value comes next; NULL in a list. */
static const struct ynode *pending_key(const struct builder *b)
{
	return b->depth > 0 ? b->levels[b->depth - 1].key : NULL;
}

/* A key must be one that can be named in a message; a second one of its name is told at its own
 * place. */
static void check_key(struct builder *b, const struct ynode *mapping, struct ynode *key)
{
	char path[PATH_BYTES];

	if (key->kind == YNODE_BAD)
		return;
	if (!text_is_plain(key->text, key->len)) {
		ytree_problem(b->tree, key, path_to(b, NULL, path, sizeof(path)),
			"a key with a control character");
		key->kind = YNODE_BAD;
		return;
	}
	for (const struct ynode *value = mapping->first; value; value = value->next) {
		if (value->key->len != key->len ||
			memcmp(value->key->text, key->text, key->len) != 0)
			continue;
		ytree_problem(b->tree, key, path_to(b, key, path, sizeof(path)),
			"duplicate key, first set in line %zu", value->key->line);
		return;
	}
}

static void append(struct level *level, struct ynode *node)
{
	if (level->last)
		level->last->next = node;
	else
		level->node->first = node;
	level->last = node;
	level->node->count++;
}

/* Puts a finished node or a just opened collection where it belongs. */
static void attach(struct builder *b, struct ynode *node, yaml_mark_t at)
{
	struct level *level;

	if (b->depth == 0) {
		b->tree->root = node;
		return;
	}
	level = &b->levels[b->depth - 1];
	if (level->node->kind == YNODE_SEQUENCE) {
		append(level, node);
	} else if (level->key) {
		node->key = TAKE_PTR(level->key);
		if (node->key->kind != YNODE_BAD)
			append(level, node);
	} else if (node->kind == YNODE_SEQUENCE || node->kind == YNODE_MAPPING) {
		stop(b, at, "a key must be a text, not a list or mapping");
	} else if (level->node->count >= YTREE_KEYS_MAX) {
		stop(b, at, "more than 256 keys in one mapping");
	} else {
		check_key(b, level->node, node);
		level->key = node;
	}
}

/* Anchors and tags change what a value means; nothing here needs them. */
static void refuse_extras(
	struct builder *b, const struct ynode *node, const void *anchor, const void *tag)
{
	char path[PATH_BYTES];
	const char *key = path_to(b, pending_key(b), path, sizeof(path));

	if (anchor)
		ytree_problem(b->tree, node, key, "anchors (&name) are not allowed");
	else if (tag)
		ytree_problem(b->tree, node, key, "tags (!name) are not allowed");
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
	struct ynode *node = new_node(b, YNODE_SCALAR, event->start_mark, event->data.scalar.value,
		event->data.scalar.length);

	if (!node)
		return -ENOMEM;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	refuse_extras(b, node, event->data.scalar.anchor, event->data.scalar.tag);
	attach(b, node, event->start_mark);
	return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
	char path[PATH_BYTES];
	struct ynode *node = new_node(b, YNODE_BAD, event->start_mark, NULL, 0);

	if (!node)
		return -ENOMEM;
	ytree_problem(b->tree, node, path_to(b, pending_key(b), path, sizeof(path)),
		"aliases (*name) are not allowed");
	attach(b, node, event->start_mark);
	return 0;
}

static int on_open(struct builder *b, const yaml_event_t *event, enum ynode_kind kind)
{
	struct ynode *node;

	if (b->depth == YTREE_DEPTH_MAX) {
		stop(b, event->start_mark, "nested deeper than 16 levels");
		return 0;
	}
	node = new_node(b, kind, event->start_mark, NULL, 0);
	if (!node)
		return -ENOMEM;
	if (kind == YNODE_SEQUENCE)
		refuse_extras(
			b, node, event->data.sequence_start.anchor, event->data.sequence_start.tag);
	else
		refuse_extras(
			b, node, event->data.mapping_start.anchor, event->data.mapping_start.tag);
	attach(b, node, event->start_mark);
	b->levels[b->depth++] = (struct level){.node = node};
	return 0;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
	if (b->tree->nodes >= YTREE_NODES_MAX) {
		stop(b, event->start_mark, "more than 100000 values");
		return 0;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0)
			stop(b, event->start_mark,
				"a second document starts here; only one is allowed");
		return 0;
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_ALIAS_EVENT:
		return on_alias(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, event, YNODE_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, event, YNODE_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

/* True if the white space that line @line (from 0) begins with holds a tab: the usual reason for
 * strange errors. */
static bool indented_by_tab(const struct builder *b, size_t line)
{
	const char *p = b->data, *end = b->data + b->len;

	for (; line > 0 && p; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	while (p && p < end && *p == ' ')
		p++;
	return p && p < end && *p == '\t';
}

static int on_error(struct builder *b, const yaml_parser_t *parser)
{
	char reason[256];

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (indented_by_tab(b, parser->problem_mark.line))
		snprintf(reason, sizeof(reason), "bad syntax: indentation by a tab; use spaces");
	else if (parser->context)
		snprintf(reason, sizeof(reason), "bad syntax: %s, %s that begins in line %zu",
			parser->problem, parser->context, parser->context_mark.line + 1);
	else
		snprintf(reason, sizeof(reason), "bad syntax: %s", parser->problem);
	stop(b, parser->problem_mark, reason);
	return 0;
}

int ybuild(struct ytree *tree, const char *data, size_t len)
{
	struct builder b = {.tree = tree, .data = data, .len = len};
	yaml_parser_t parser;
	bool ended = false;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)data, len);
	while (r == 0 && !ended && !tree->broken) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			r = on_error(&b, &parser);
			break;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		r = on_event(&b, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return r;
}
