/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_value.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "proto/frame.h"

#define FOUND_BYTES 60 /* of a value that is shown */

/* What a node is, in words. */
static void describe(const struct ynode *node, char *buffer, size_t size)
{
	char text[FOUND_BYTES];

	switch (node->kind) {
	case YNODE_SEQUENCE:
		snprintf(buffer, size, "a list");
		return;
	case YNODE_MAPPING:
		snprintf(buffer, size, "a mapping");
		return;
	default:
		break;
	}
	if (ynode_is_null(node)) {
		snprintf(buffer, size, "nothing");
		return;
	}
	text_copy((struct text){node->text, node->len}, text, sizeof(text));
	snprintf(buffer, size, "%s\"%s\"%s", node->plain ? "" : "the quoted text ", text,
		node->len >= sizeof(text) ? "…" : "");
}

int yvalue_expected(
	const struct ytree *tree, const struct ynode *node, const char *key, const char *fmt, ...)
{
	char expected[512], found[128];
	va_list ap;

	if (node->kind == YNODE_BAD)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	describe(node, found, sizeof(found));
	ytree_problem(tree, node, key, "expected %s, found %s", expected, found);
	return -EINVAL;
}

/* A scalar without quotes and without NUL bytes, so that its text is a C string. */
static bool is_plain(const struct ynode *node)
{
	return node->kind == YNODE_SCALAR && node->plain;
}

int yvalue_u32(const struct ytree *tree, const struct ynode *node, const char *key, uint32_t min,
	uint32_t max, uint32_t *value)
{
	uint64_t number;

	if (!is_plain(node) || text_to_u64(node->text, node->len, max, &number) < 0 || number < min)
		return yvalue_expected(tree, node, key, "a whole number from %u to %u", min, max);
	*value = (uint32_t)number;
	return 0;
}

static size_t skip_digits(const char *text, size_t i)
{
	while (text[i] >= '0' && text[i] <= '9')
		i++;
	return i;
}

/* Whether @text is -?DIGITS[.DIGITS][e[+-]DIGITS]; strtod() alone would also take inf, nan and
 * hexadecimal. */
static bool is_number(const char *text)
{
	size_t start = text[0] == '-', i = skip_digits(text, start);

	if (i == start || (text[start] == '0' && i > start + 1))
		return false;
	if (text[i] == '.') {
		start = i + 1;
		i = skip_digits(text, start);
		if (i == start)
			return false;
	}
	if (text[i] == 'e' || text[i] == 'E') {
		start = i + 1 + (text[i + 1] == '+' || text[i + 1] == '-');
		i = skip_digits(text, start);
		if (i == start)
			return false;
	}
	return text[i] == 0;
}

int yvalue_double(const struct ytree *tree, const struct ynode *node, const char *key, double min,
	double max, double *value)
{
	double number = NAN;

	if (is_plain(node) && is_number(node->text))
		number = strtod(node->text, NULL);
	if (!isfinite(number) || number < min || number > max)
		return yvalue_expected(tree, node, key, "a number from %g to %g", min, max);
	*value = number;
	return 0;
}

int yvalue_bool(const struct ytree *tree, const struct ynode *node, const char *key, bool *value)
{
	bool yes = is_plain(node) && ynode_is_text(node, "true");

	if (!yes && !(is_plain(node) && ynode_is_text(node, "false")))
		return yvalue_expected(tree, node, key, "true or false");
	*value = yes;
	return 0;
}

/* "info, low, medium or high" */
static void join_names(const struct yname *names, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = 0;
	for (unsigned i = 0; names[i].name; i++) {
		const char *before = i == 0 ? "" : names[i + 1].name ? ", " : " or ";
		int n = snprintf(buffer + used, size - used, "%s%s", before, names[i].name);

		used = MIN(used + (size_t)n, size - 1);
	}
}

static const struct yname *find_name(const struct ynode *node, const struct yname *names)
{
	for (; names->name; names++)
		if (ynode_is_text(node, names->name))
			return names;
	return NULL;
}

int yvalue_name(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct yname *names, int *value)
{
	const struct yname *name = find_name(node, names);
	char all[512];

	if (!name) {
		join_names(names, all, sizeof(all));
		return yvalue_expected(tree, node, key, "%s", all);
	}
	*value = name->value;
	return 0;
}

int yvalue_names(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct yname *names, uint32_t *value)
{
	uint32_t bits = 0;
	int r = 0;

	if (node->kind != YNODE_SEQUENCE)
		return yvalue_expected(tree, node, key, "a list [a, b]");
	for (const struct ynode *item = node->first; item; item = item->next) {
		int bit;

		if (yvalue_name(tree, item, key, names, &bit) < 0) {
			r = -EINVAL;
		} else if (bits & (uint32_t)bit) {
			ytree_problem(tree, item, key, "\"%s\" stands here twice", item->text);
			r = -EINVAL;
		} else {
			bits |= (uint32_t)bit;
		}
	}
	if (r == 0)
		*value = bits;
	return r;
}

/* true, false and numbers are no texts unless they are quoted. */
static bool is_text(const struct ynode *node, bool numbers)
{
	if (node->kind != YNODE_SCALAR || ynode_is_null(node))
		return false;
	if (!node->plain)
		return true;
	if (ynode_is_text(node, "true") || ynode_is_text(node, "false"))
		return false;
	return numbers || !is_number(node->text);
}

static bool is_quotable(const struct ynode *node)
{
	return is_plain(node) && !ynode_is_null(node);
}

int yvalue_text(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct ytext_spec *spec, char *buffer)
{
	unsigned before = tree->problems->count;

	if (!is_text(node, spec->numbers))
		return yvalue_expected(tree, node, key, "a text of %zu to %zu bytes%s", spec->min,
			spec->max, is_quotable(node) ? " (put it in quotes)" : "");
	if (node->len < spec->min || node->len > spec->max)
		return yvalue_expected(
			tree, node, key, "a text of %zu to %zu bytes", spec->min, spec->max);
	if (!text_is_plain(node->text, node->len))
		return yvalue_expected(tree, node, key, "a text without control characters");
	if (spec->check)
		spec->check(tree, node, key);
	if (tree->problems->count > before)
		return -EINVAL;
	memcpy(buffer, node->text, node->len + 1);
	return 0;
}

static int add_text(const struct ytree *tree, const struct ynode *item, const char *key,
	const struct ytext_spec *spec, struct config_list *list)
{
	char text[CONFIG_TEXT_MAX];
	int r = yvalue_text(tree, item, key, spec, text);

	if (r < 0)
		return r;
	if (config_list_has(list, text)) {
		ytree_problem(tree, item, key, "\"%s\" stands here twice", text);
		return -EINVAL;
	}
	return config_list_add(list, text);
}

int yvalue_texts(const struct ytree *tree, const struct ynode *node, const char *key,
	const struct ytext_spec *spec, struct config_list *list)
{
	_cleanup_(config_list_done) struct config_list texts = {0};
	int r = 0;

	assert(spec->max < CONFIG_TEXT_MAX);
	if (node->kind != YNODE_SEQUENCE)
		return yvalue_expected(tree, node, key, "a list [a, b]; [] for none");
	if (node->count > CONFIG_LIST_MAX)
		return yvalue_expected(tree, node, key, "at most %d texts", CONFIG_LIST_MAX);
	for (const struct ynode *item = node->first; item; item = item->next) {
		int added = add_text(tree, item, key, spec, &texts);

		if (added == -ENOMEM)
			return added;
		r = MIN(r, added);
	}
	if (r < 0)
		return r;
	config_list_done(list);
	*list = texts;
	texts = (struct config_list){0};
	return 0;
}
