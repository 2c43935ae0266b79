/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/glob.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct trial {
	const char *pattern, *text;
};

static void all_match(const struct trial *trials, unsigned count, bool expected)
{
	for (unsigned i = 0; i < count; i++)
		if (glob_match(trials[i].pattern, text_of(trials[i].text)) != expected)
			fail_msg("%s %s %s", trials[i].pattern,
				expected ? "does not match" : "matches", trials[i].text);
}

static void matches_the_whole_text(void **state)
{
	static const struct trial yes[] = {{"", ""}, {"make", "make"}, {"*", ""}, {"*", "a/b.c"},
		{"*/docker-*", "/system.slice/docker-12ab.scope"}, {"a*b*c", "axxbyybc"},
		{"a*", "a"}, {"*a", "aaaa"}, {"**a**", "bab"}, {"*ab*ab", "abab"}, {"a?c", "abc"},
		{"???", "abc"}, {"?*", "x"}, {"*.service", "ssh.service"}};
	static const struct trial no[] = {{"", "a"}, {"make", "cmake"}, {"make", "maker"},
		{"make", "mak"}, {"docker-*", "/docker-1"}, {"a*b*c", "axxbyyb"}, {"*a", "ab"},
		{"*ab*ab", "ab"}, {"?", ""}, {"???", "ab"}, {"a?c", "ac"}, {"?*", ""}, {"a", "A"}};

	(void)state;
	all_match(yes, ARRAY_LEN(yes), true);
	all_match(no, ARRAY_LEN(no), false);
}

static void matches_sets_and_ranges(void **state)
{
	static const struct trial yes[] = {{"[abc]", "b"}, {"[a-c]x", "cx"}, {"[!a-c]", "d"},
		{"[]]", "]"}, {"[!]]", "a"}, {"[]-a]", "^"}, {"[a-]", "-"}, {"[-a]", "-"},
		{"[a!]", "!"}, {"[*]", "*"}, {"[?]", "?"}, {"[[]", "["}, {"*[0-9]", "worker12"},
		{"[a-cx-z]", "y"}, {"[\\]", "\\"}, {"[!!]", "a"}, {"[a-a]", "a"}};
	static const struct trial no[] = {{"[abc]", "d"}, {"[abc]", ""}, {"[abc]", "ab"},
		{"[a-c]", "-"}, {"[!a-c]", "a"}, {"[!a]", ""}, {"[!]]", "]"}, {"[*]", "a"},
		{"[!!]", "!"}, {"*[0-9]", "worker"}, {"[a-]", "b"}};

	(void)state;
	all_match(yes, ARRAY_LEN(yes), true);
	all_match(no, ARRAY_LEN(no), false);
}

static void takes_a_backslash_for_itself(void **state)
{
	static const struct trial yes[] = {
		{"dev-disk\\x2dby*", "dev-disk\\x2dby-id"}, {"\\*", "\\anything"}, {"\\", "\\"}};

	(void)state;
	all_match(yes, ARRAY_LEN(yes), true);
	assert_false(glob_match("\\*", text_of("*")));
}

static void matches_bytes_of_any_value(void **state)
{
	(void)state;
	assert_true(glob_match("a?b*", (struct text){"a\0b\0\0", 5}));
	assert_true(glob_match("[!a-z]", (struct text){"\0", 1}));
	assert_true(glob_match("[\x80-\xff]", (struct text){"\xc3", 1}));
	assert_true(glob_match("\xc3\xa4*", text_of("\xc3\xa4pfel")));
	assert_false(glob_match("ab", (struct text){"ab\0", 3}));
	assert_false(glob_match("", (struct text){"\0", 1}));
	assert_true(glob_match("*", (struct text){NULL, 0}));
}

static void matches_nothing_with_an_open_bracket(void **state)
{
	static const struct trial no[] = {{"[", "["}, {"[abc", "a"}, {"[!", "x"}, {"[]", "]"},
		{"[!]", "a"}, {"a[b-", "ab"}, {"*[", ""}, {"*[", "x"}};

	(void)state;
	all_match(no, ARRAY_LEN(no), false);
}

static void checks_patterns(void **state)
{
	static const char *const good[] = {
		"", "*", "a[b]c", "[]]", "[!]]", "[a-z]", "]", "-", "[a-]"};
	static const char *const bad[] = {
		"[", "a[", "[]", "[!]", "[z-a]", "[a-cz-x]", "[ab", "*[a-"};
	const char *why;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(glob_check(good[i], &why), 0);
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		why = NULL;
		assert_int_equal(glob_check(bad[i], &why), -EINVAL);
		assert_non_null(why);
	}
}

/* Matchers that try every split need longer than the universe for this one. */
static void needs_no_more_than_pattern_times_text(void **state)
{
	char pattern[256], text[4096];

	(void)state;
	for (unsigned i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[254] = 'b';
	pattern[255] = 0;
	memset(text, 'a', sizeof(text));
	assert_false(glob_match(pattern, (struct text){text, sizeof(text)}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_whole_text),
		cmocka_unit_test(matches_sets_and_ranges),
		cmocka_unit_test(takes_a_backslash_for_itself),
		cmocka_unit_test(matches_bytes_of_any_value),
		cmocka_unit_test(matches_nothing_with_an_open_bracket),
		cmocka_unit_test(checks_patterns),
		cmocka_unit_test(needs_no_more_than_pattern_times_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
