/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/matcher.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ruled/regex_check.h"

#define TEXT_BYTES 4096

static bool finds(const char *pattern, struct text text)
{
	struct matcher matcher;
	const char *why = NULL;

	assert_int_equal(matcher_compile(&matcher, pattern, &why), 0);
	return matcher_finds(&matcher, text);
}

static void finds_what_the_library_finds(void **state)
{
	static const char *const patterns[] = {"", "a", "^a", "a$", "^a$", "^$", "a|b", "(^|/)cc1$",
		"^(/usr)?/bin/(ba|da)?sh$", "a*b+c?", "a{2}", "a{2,}", "a{2,3}b", "a{0}b", "a{,2}b$",
		"^(ab){2}$", "^((a|b){2}c){2}$", "[abc]", "[^abc]", "^[^/]*$", "[]a]", "[^]a]",
		"[a-c]x", "[a-]", "[[:digit:]]+", "[[:alpha:]_][[:alnum:]_]*$", "\\.", "\\*",
		"^\\w+$", "\\s", "\\S\\W", "a.c", "()", "(|a)b", "a)", "(a*)*b", "(a+)+$", "(a|ab)(c|bcd)$",
		"^(a?){3}$", "x^a", "a$b", "(^a|b)c", "(a$|b)", "^^a", "a$$", "^.*$", "(^)*a"};
	static const char *const texts[] = {"", "a", "b", "aa", "aaa", "aaaa", "ab", "ba", "abab",
		"abcbac", "cc1", "/usr/lib/cc1", "cc1plus", "/usr/bin/bash", "/bin/sh", "/sh", "a.c",
		"a*c", "abc", "]", "-", "cx", "dx", "12", "x 1", "_a1", "a)", "abcd", "aab", "aaab",
		"a/b", "x^a", "a$b", "ac", "bc", "\xc3\xa4", "a\nb"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		regex_t regex;

		assert_int_equal(regcomp(&regex, patterns[i], REG_EXTENDED | REG_NOSUB), 0);
		for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
			bool found = regexec(&regex, texts[t], 0, NULL, 0) == 0;

			if (finds(patterns[i], text_of(texts[t])) != found)
				fail_msg("'%s' in '%s'", patterns[i], texts[t]);
		}
		regfree(&regex);
	}
}

static void refuses_what_it_does_not_know(void **state)
{
	static const char *const patterns[] = {"\\<a", "a\\b", "\\d", "[[.a.]]", "[[=a=]]",
		"a*{2}", ".???{56,}", "[z-a]", "[a", "(a", "a{2", "a{2,1}", "*a", "a|*b", "(+)", "[[:any:]]", "a\\", "{2}", ".{129}", "((a{5}){5}){6}", "(a)\\1", "(a|b)*a(a|b|ab|ba){500}x"};
	char why[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		why[0] = '\0';
		assert_int_not_equal(regex_check(patterns[i], why, sizeof(why)), 0);
		assert_string_not_equal(why, "");
	}
	assert_int_equal(regex_check(".{128}", why, sizeof(why)), 0);
}

/* The least of three: somebody else may have the CPU. */
static double ms_of(const struct matcher *matcher, struct text text)
{
	double least = 1e9;

	for (int i = 0; i < 3; i++) {
		struct timespec from, to;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		(void)matcher_finds(matcher, text);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		least = MIN(least, (double)(to.tv_sec - from.tv_sec) * 1e3 +
					   (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	}
	return least;
}

/* Each of them takes the library's matcher seconds, or memory that it never gives back. */
static void no_name_takes_long(void **state)
{
	static const char *const patterns[] = {"(a|b)*a(a|b){60}x", "(a|b)*a(a|b|ab|ba){20}x",
		"(.*)(.*)(.*)(.*)x$", "((a?){8}){15}x", "(a|b)*a.{120}x", "a.*a.*a.*a.*x",
		"([ab]*){100}x", "(a*)*(b*)*(ab)*(ba)*x", "([ab]?){127}x"};
	static char text[TEXT_BYTES];
	unsigned random = 1;

	(void)state;
	for (size_t i = 0; i < TEXT_BYTES; i++) {
		random = random * 1103515245 + 12345;
		text[i] = random >> 16 & 1 ? 'a' : 'b';
	}
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct matcher matcher;
		const char *why = NULL;
		double ms;

		assert_int_equal(matcher_compile(&matcher, patterns[i], &why), 0);
		ms = ms_of(&matcher, (struct text){text, TEXT_BYTES});
		/* Optimised less than 1 ms; sanitizers are slower. */
		if (ms > 50)
			fail_msg("%s: %f ms", patterns[i], ms);
		print_message("# %s: %.3f ms\n", patterns[i], ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_the_library_finds),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(no_name_takes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
