/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct fixture {
	struct ytree tree;
	struct problems problems;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	ytree_done(&f->tree);
	problems_done(&f->problems);
	free(f);
	return 0;
}

static int parse_bytes(struct fixture *f, const char *data, size_t len)
{
	ytree_done(&f->tree);
	problems_done(&f->problems);
	return ytree_parse(&f->tree, data, len, "f", &f->problems);
}

static int parse(struct fixture *f, const char *yaml)
{
	return parse_bytes(f, yaml, strlen(yaml));
}

static void assert_refused(struct fixture *f, const char *yaml, const char *line)
{
	assert_int_equal(parse(f, yaml), -EINVAL);
	assert_int_equal(f->problems.count, 1);
	assert_string_equal(f->problems.lines[0], line);
}

static void assert_position(const struct ynode *node, size_t line, size_t col)
{
	assert_non_null(node);
	assert_int_equal(node->line, line);
	assert_int_equal(node->col, col);
}

static void knows_the_position_of_keys_and_values(void **state)
{
	struct fixture *f = *state;
	const struct ynode *rule, *match;

	assert_int_equal(parse(f, "# comment\n"
				  "- name: \"\xc3\xa4\"  \n"
				  "  match: {comm: x, \xc3\xa4: y}\n"
				  "- name: z\n"),
		0);
	assert_int_equal(f->tree.root->kind, YNODE_SEQUENCE);
	assert_int_equal(f->tree.root->count, 2);
	assert_position(f->tree.root, 2, 1);
	rule = f->tree.root->first;
	assert_position(rule, 2, 3);
	assert_position(ynode_get(rule, "name"), 2, 9);
	match = ynode_get(rule, "match");
	assert_position(match, 3, 10);
	assert_position(match->key, 3, 3);
	assert_position(ynode_get(match, "\xc3\xa4")->key, 3, 20);
	assert_position(ynode_get(match, "\xc3\xa4"), 3, 23);
	assert_position(ynode_get(rule->next, "name"), 4, 9);
	assert_null(rule->next->next);
}

static void keeps_the_order_of_keys(void **state)
{
	struct fixture *f = *state;
	const struct ynode *value;
	const char *keys = "cab";

	assert_int_equal(parse(f, "c: 1\na: 2\nb: 3\n"), 0);
	assert_int_equal(f->tree.root->count, 3);
	for (value = f->tree.root->first; value; value = value->next)
		assert_int_equal(value->key->text[0], *keys++);
	assert_null(ynode_get(f->tree.root, "d"));
	assert_null(ynode_get(f->tree.root->first, "a"));
	assert_null(ynode_get(NULL, "a"));
}

static void tells_quoted_from_plain_scalars(void **state)
{
	struct fixture *f = *state;
	static const char *const nulls[] = {"a", "b", "c"}, *const texts[] = {
								    "d", "e", "f", "g", "h"};

	assert_int_equal(
		parse(f, "a:\nb: ~\nc: null\nd: ''\ne: \"~\"\nf: 'null'\ng: Null\nh: |\n  null\n"),
		0);
	for (unsigned i = 0; i < ARRAY_LEN(nulls); i++)
		assert_true(ynode_is_null(ynode_get(f->tree.root, nulls[i])));
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(ynode_is_null(ynode_get(f->tree.root, texts[i])));
	assert_true(ynode_get(f->tree.root, "g")->plain);
	assert_false(ynode_get(f->tree.root, "h")->plain);
}

static void keeps_nul_bytes_of_quoted_scalars(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "\"a\\0b\""), 0);
	assert_int_equal(f->tree.root->len, 3);
	assert_memory_equal(f->tree.root->text, "a\0b", 4);
	assert_false(ynode_is_text(f->tree.root, "a"));
}

static void takes_nothing_for_an_empty_tree(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, ""), 0);
	assert_null(f->tree.root);
	assert_int_equal(parse(f, "\n# only a comment"), 0);
	assert_null(f->tree.root);
	assert_int_equal(parse(f, "---\n"), 0);
	assert_true(ynode_is_null(f->tree.root));
	assert_false(f->tree.broken);
}

static void refuses_a_second_document(void **state)
{
	assert_refused(*state, "a: 1\n---\nb: 2\n",
		"f:2:1: a second document starts here; only one is allowed");
	assert_true(((struct fixture *)*state)->tree.broken);
}

static void refuses_aliases_anchors_and_tags(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: &x 1", "f:1:4: a: anchors (&name) are not allowed");
	assert_refused(f, "a: {b: &x {c: d}}", "f:1:8: a.b: anchors (&name) are not allowed");
	assert_refused(f, "- &x [1]", "f:1:3: anchors (&name) are not allowed");
	assert_refused(f, "a: *x", "f:1:4: a: aliases (*name) are not allowed");
	assert_refused(f, "- *x", "f:1:3: aliases (*name) are not allowed");
	assert_refused(f, "*x : 1", "f:1:1: aliases (*name) are not allowed");
	assert_refused(f, "a: !!int 5", "f:1:4: a: tags (!name) are not allowed");
	assert_refused(f, "a: ! 5", "f:1:4: a: tags (!name) are not allowed");
	assert_refused(f, "!x {a: b}", "f:1:1: tags (!name) are not allowed");
	assert_refused(f, "%TAG ! !x\n---\na: 1\n", "f:1:1: directives (%NAME) are not allowed");
	assert_false(f->tree.root && f->tree.root->count);
}

static void goes_on_after_an_alias(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "a: *x\n*y : 1\nb: 2\n"), -EINVAL);
	assert_int_equal(f->problems.count, 2);
	assert_int_equal(f->tree.root->count, 2);
	assert_int_equal(ynode_get(f->tree.root, "a")->kind, YNODE_BAD);
	assert_true(ynode_is_text(ynode_get(f->tree.root, "b"), "2"));
}

static void refuses_duplicate_keys_at_the_second_one(void **state)
{
	struct fixture *f = *state;

	assert_refused(
		f, "a: 1\nb: {c: 1, 'c': 2}\n", "f:2:11: b.c: duplicate key, first set in line 2");
	assert_refused(f, "a: 1\n? a\n", "f:2:3: a: duplicate key, first set in line 1");
	assert_true(ynode_is_text(ynode_get(f->tree.root, "a"), "1"));
	assert_int_equal(parse(f, "- {a: 1}\n- {a: 1}\n"), 0);
}

static void refuses_keys_that_are_no_texts(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: {[b]: c}", "f:1:5: a key must be a text, not a list or mapping");
	assert_refused(f, "? {a: b}\n: c", "f:1:3: a key must be a text, not a list or mapping");
	assert_refused(f, "b: {\"a\\nb\": c}", "f:1:5: b: a key with a control character");
	assert_int_equal(ynode_get(f->tree.root, "b")->count, 0);
}

static void refuses_bytes_that_are_no_text(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: b\n\xc3\xa4: \xff", "f:2:4: invalid UTF-8");
	assert_refused(f, "a: \xc0\xaf", "f:1:4: invalid UTF-8");
	assert_refused(f, "a: \xed\xa0\x80", "f:1:4: invalid UTF-8");
	assert_refused(f, "a: \xf4\x90\x80\x80", "f:1:4: invalid UTF-8");
	assert_refused(f, "a: \xef\xbf\xbf", "f:1:4: invalid UTF-8");
	assert_refused(f, "a: \xe2\x82", "f:1:4: invalid UTF-8");
	assert_refused(f, "a\r\nb\rc: \x1b", "f:3:4: control character");
	assert_refused(f, "a: \x7f", "f:1:4: control character");
	assert_refused(f, "a: \xc2\x85", "f:1:4: control character");
	assert_int_equal(parse_bytes(f, "a: \0", 4), -EINVAL);
	assert_string_equal(f->problems.lines[0], "f:1:4: control character");
	assert_int_equal(parse(f, "a: \xf0\x9f\x90\xa7\t# tab\r\nb: \\\n"), 0);
}

static void tells_where_the_syntax_breaks(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "a: 'b\n",
		"f:2:1: bad syntax: found unexpected end of stream, while scanning a quoted scalar that begins in line 1");
	assert_refused(f, "a:\n\tb: 1\n", "f:2:1: bad syntax: indentation by a tab; use spaces");
	assert_refused(f, "a: b: c\n",
		"f:1:5: bad syntax: mapping values are not allowed in this context");
	assert_refused(f, "a: @b\n",
		"f:1:4: bad syntax: found character that cannot start any token, while scanning for the next token that begins in line 1");
	assert_refused(f, "a: \"\\q\"\n",
		"f:1:5: bad syntax: found unknown escape character, while parsing a quoted scalar that begins in line 1");
	assert_true(f->tree.broken);
}

static void keeps_what_stood_before_the_break(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "a: 1\nb: [2\nc: 3\n"), -EINVAL);
	assert_true(f->tree.broken);
	assert_true(ynode_is_text(ynode_get(f->tree.root, "a"), "1"));
}

static void nests_sixteen_deep_and_no_deeper(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]"), 0);
	assert_refused(
		f, "[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]", "f:1:17: nested deeper than 16 levels");
	assert_refused(f, "{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {",
		"f:1:65: nested deeper than 16 levels");
}

/* @count times @what. */
static char *repeat(const char *what, size_t count)
{
	size_t len = strlen(what);
	char *all = malloc(len * count + 1);

	assert_non_null(all);
	for (size_t i = 0; i < count; i++)
		memcpy(all + i * len, what, len);
	all[len * count] = 0;
	return all;
}

static void reads_a_hundred_thousand_nodes_and_no_more(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *enough = repeat("- x\n", YTREE_NODES_MAX - 2);
	_cleanup_free_ char *more = repeat("- x\n", YTREE_NODES_MAX);

	assert_int_equal(parse(f, enough), 0);
	assert_int_equal(f->tree.root->count, YTREE_NODES_MAX - 2);
	assert_refused(f, more, "f:100000:3: more than 100000 values");
}

static void reads_256_keys_and_no_more(void **state)
{
	struct fixture *f = *state;
	char yaml[8192];
	size_t used = 0;

	for (int i = 0; i < YTREE_KEYS_MAX; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "k%d: 1\n", i);
	assert_int_equal(parse(f, yaml), 0);
	snprintf(yaml + used, sizeof(yaml) - used, "one_more: 1\n");
	assert_refused(f, yaml, "f:257:1: more than 256 keys in one mapping");
}

static void refuses_more_than_a_mebibyte(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *data = repeat("#", YTREE_BYTES_MAX + 1);

	assert_int_equal(parse_bytes(f, data, YTREE_BYTES_MAX), 0);
	assert_refused(f, data, "f:1:1: larger than 1 MiB");
}

static void reads_through_a_directory(void **state)
{
	struct fixture *f = *state;
	_cleanup_close_ int dir =
		open(TESTS_DIR "/golden/config", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	assert_int_equal(
		ytree_load(&f->tree, dir, "good/start_marker.yaml", "shown", &f->problems), 0);
	assert_string_equal(f->tree.file, "shown");
	ytree_done(&f->tree);
	assert_int_equal(
		ytree_load(&f->tree, dir, "good/missing.yaml", "shown", &f->problems), -ENOENT);
	assert_int_equal(f->problems.count, 0);
	ytree_done(&f->tree);
	assert_int_equal(ytree_load(&f->tree, dir, "good", "shown", &f->problems), -EINVAL);
	assert_string_equal(f->problems.lines[0], "shown:1:1: not a regular file");
}

static void escapes_what_it_shows_of_the_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "a: 1"), 0);
	ytree_problem(&f->tree, f->tree.root, "k\ney", "found \"%s\"", "\x1b[2J\\");
	assert_string_equal(f->problems.lines[0], "f:1:1: k\\x0aey: found \"\\x1b[2J\\x5c\"");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(knows_the_position_of_keys_and_values),
		test(keeps_the_order_of_keys),
		test(tells_quoted_from_plain_scalars),
		test(keeps_nul_bytes_of_quoted_scalars),
		test(takes_nothing_for_an_empty_tree),
		test(refuses_a_second_document),
		test(refuses_aliases_anchors_and_tags),
		test(goes_on_after_an_alias),
		test(refuses_duplicate_keys_at_the_second_one),
		test(refuses_keys_that_are_no_texts),
		test(refuses_bytes_that_are_no_text),
		test(tells_where_the_syntax_breaks),
		test(keeps_what_stood_before_the_break),
		test(nests_sixteen_deep_and_no_deeper),
		test(reads_a_hundred_thousand_nodes_and_no_more),
		test(reads_256_keys_and_no_more),
		test(refuses_more_than_a_mebibyte),
		test(reads_through_a_directory),
		test(escapes_what_it_shows_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
