/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct character {
	const char *bytes;
	size_t len;
	size_t shown; /* bytes that are one character shown as it is; 0: the first byte is escaped */
};

#define CHARACTER(bytes, shown) {bytes, sizeof(bytes) - 1, shown}

static const struct character characters[] = {
	CHARACTER(" ", 1),
	CHARACTER("~", 1),
	CHARACTER("\"", 1),
	CHARACTER("\\", 0),
	CHARACTER("\0", 0),
	CHARACTER("\n", 0),
	CHARACTER("\033", 0),
	CHARACTER("\x1f", 0),
	CHARACTER("\x7f", 0),
	/* C1 controls, and what follows them */
	CHARACTER("\xc2\x80", 0),
	CHARACTER("\xc2\x9f", 0),
	CHARACTER("\xc2\xa0", 2),
	CHARACTER("\xdf\xbf", 2),
	CHARACTER("\xe0\xa0\x80", 3),
	CHARACTER("\xef\xbf\xbf", 3),
	CHARACTER("\xf0\x90\x80\x80", 4),
	CHARACTER("\xf4\x8f\xbf\xbf", 4),
	/* U+2028 to U+202E and U+2066 to U+2069, and their neighbours */
	CHARACTER("\xe2\x80\xa7", 3),
	CHARACTER("\xe2\x80\xa8", 0),
	CHARACTER("\xe2\x80\xae", 0),
	CHARACTER("\xe2\x80\xaf", 3),
	CHARACTER("\xe2\x81\xa5", 3),
	CHARACTER("\xe2\x81\xa6", 0),
	CHARACTER("\xe2\x81\xa9", 0),
	CHARACTER("\xe2\x81\xaa", 3),
	/* overlong forms of '/', of U+007F, U+07FF and U+FFFF */
	CHARACTER("\xc0\xaf", 0),
	CHARACTER("\xc1\xbf", 0),
	CHARACTER("\xe0\x80\xaf", 0),
	CHARACTER("\xe0\x9f\xbf", 0),
	CHARACTER("\xf0\x80\x80\xaf", 0),
	CHARACTER("\xf0\x8f\xbf\xbf", 0),
	/* surrogates, and their neighbours */
	CHARACTER("\xed\x9f\xbf", 3),
	CHARACTER("\xed\xa0\x80", 0),
	CHARACTER("\xed\xbf\xbf", 0),
	CHARACTER("\xee\x80\x80", 3),
	/* beyond U+10FFFF, and bytes that never occur */
	CHARACTER("\xf4\x90\x80\x80", 0),
	CHARACTER("\xf5\x80\x80\x80", 0),
	CHARACTER("\xfe", 0),
	CHARACTER("\xff", 0),
	/* cut off, or continued wrongly */
	CHARACTER("\x80", 0),
	CHARACTER("\xc3", 0),
	CHARACTER("\xc3(", 0),
	CHARACTER("\xe2\x82", 0),
	CHARACTER("\xe2\x82(", 0),
	CHARACTER("\xe2(\xac", 0),
	CHARACTER("\xf0\x9f\x98", 0),
	CHARACTER("\xf0\x9f\x98(", 0),
};

static void tells_characters_that_are_shown_from_bytes_that_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(characters); i++) {
		const struct character *c = &characters[i];

		assert_int_equal(text_utf8_length(c->bytes, c->len), c->shown);
		if (c->bytes[0] != '\\')
			assert_int_equal(text_is_plain(c->bytes, c->len), c->shown == c->len);
	}
	assert_int_equal(text_utf8_length("x", 0), 0);
	assert_true(text_is_plain("", 0));
	assert_true(text_is_plain("a\\b", 3));
}

static void never_reads_behind_the_last_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(characters); i++) {
		for (size_t len = 1; len <= characters[i].len; len++) {
			_cleanup_free_ char *exact = malloc(len);
			char out[32];

			assert_non_null(exact);
			memcpy(exact, characters[i].bytes, len);
			if (len < characters[i].shown)
				assert_int_equal(text_utf8_length(exact, len), 0);
			text_escape(exact, len, out, sizeof(out));
		}
	}
}

static void escaped(const char *data, size_t len, const char *wanted)
{
	char out[64];

	assert_int_equal(text_escape(data, len, out, sizeof(out)), strlen(wanted));
	assert_string_equal(out, wanted);
}

static void escapes_what_could_deceive_a_terminal_or_a_parser(void **state)
{
	(void)state;
	escaped("", 0, "");
	escaped("plain \"text\"", 12, "plain \"text\"");
	escaped("a\nb", 3, "a\\x0ab");
	escaped("a\0b", 3, "a\\x00b");
	escaped("\033[2J", 4, "\\x1b[2J");
	escaped("\\x41", 4, "\\x5cx41");
	escaped("\xc2\x9b" "2J", 4, "\\xc2\\x9b2J");
	escaped("rm \xe2\x80\xae" "x", 7, "rm \\xe2\\x80\\xaex");
	escaped("gr\xc3\xbc\xc3", 5, "gr\xc3\xbc\\xc3");
	escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
}

static void two_texts_never_look_the_same(void **state)
{
	char seen[256][8], out[8];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char c = (char)byte;

		text_escape(&c, 1, out, sizeof(out));
		for (unsigned i = 0; i < byte; i++)
			assert_string_not_equal(seen[i], out);
		memcpy(seen[byte], out, sizeof(out));
		assert_true(text_is_plain(out, strlen(out)));
	}
}

static void cuts_between_characters_and_escapes_only(void **state)
{
	static const char text[] = "a\xc3\xbc\n\xf0\x9f\x98\x80z";
	static const char whole[] = "a\xc3\xbc\\x0a\xf0\x9f\x98\x80z";
	static const size_t ends[] = {0, 1, 3, 7, 11, 12};

	(void)state;
	for (size_t size = 1; size <= sizeof(whole) + 2; size++) {
		char out[32];
		size_t wanted = 0, used;

		for (size_t i = 0; i < ARRAY_LEN(ends); i++)
			if (ends[i] < size)
				wanted = ends[i];
		memset(out, 0x55, sizeof(out));
		used = text_escape(text, sizeof(text) - 1, out, size);
		assert_int_equal(used, wanted);
		assert_memory_equal(out, whole, used);
		assert_int_equal(out[used], '\0');
		for (size_t i = used + 1; i < sizeof(out); i++)
			assert_int_equal(out[i], 0x55);
	}
}

static void reads_plain_decimal_numbers_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0, 0},
		{"7", 7, 0, 7},
		{"8", 7, -ERANGE, 0},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, -ERANGE, 0},
		{"18446744073709551620", UINT64_MAX, -ERANGE, 0},
		{"99999999999999999999999999", UINT64_MAX, -ERANGE, 0},
		{"", 9, -EINVAL, 0},
		{"00", 9, -EINVAL, 0},
		{"01", 9, -EINVAL, 0},
		{"+1", 9, -EINVAL, 0},
		{"-1", 9, -EINVAL, 0},
		{" 1", 9, -EINVAL, 0},
		{"1 ", 9, -EINVAL, 0},
		{"0x1", 9, -EINVAL, 0},
		{"1e1", 99, -EINVAL, 0},
		{"\xd9\xa1", 9, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 4711;

		assert_int_equal(text_to_u64(cases[i].text, strlen(cases[i].text), cases[i].max, &value), cases[i].r);
		assert_int_equal(value, cases[i].r == 0 ? cases[i].value : 4711);
	}
	assert_int_equal(text_to_u64("1\0", 2, 9, &(uint64_t){0}), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_characters_that_are_shown_from_bytes_that_are_escaped),
		cmocka_unit_test(never_reads_behind_the_last_byte),
		cmocka_unit_test(escapes_what_could_deceive_a_terminal_or_a_parser),
		cmocka_unit_test(two_texts_never_look_the_same),
		cmocka_unit_test(cuts_between_characters_and_escapes_only),
		cmocka_unit_test(reads_plain_decimal_numbers_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
