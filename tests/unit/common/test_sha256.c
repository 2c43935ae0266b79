/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_hash(const char *message, const char *expected)
{
	struct sha256 hash;
	char hex[SHA256_HEX_SIZE];

	sha256_init(&hash);
	sha256_add(&hash, message, strlen(message));
	sha256_end_hex(&hash, hex);
	assert_string_equal(hex, expected);
}

static void agrees_with_the_published_vectors(void **state)
{
	(void)state;
	assert_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	assert_hash("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void hashes_a_million_letters(void **state)
{
	struct sha256 hash;
	char hex[SHA256_HEX_SIZE], letters[1000];

	(void)state;
	memset(letters, 'a', sizeof(letters));
	sha256_init(&hash);
	for (int i = 0; i < 1000; i++)
		sha256_add(&hash, letters, sizeof(letters));
	sha256_end_hex(&hash, hex);
	assert_string_equal(
		hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void gives_the_same_however_the_bytes_are_cut(void **state)
{
	char data[200];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct sha256 whole, parts;
		uint8_t a[SHA256_BYTES], b[SHA256_BYTES];

		sha256_init(&whole);
		sha256_add(&whole, data, len);
		sha256_end(&whole, a);
		sha256_init(&parts);
		for (size_t i = 0; i < len; i++)
			sha256_add(&parts, data + i, 1);
		sha256_end(&parts, b);
		assert_memory_equal(a, b, sizeof(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_published_vectors),
		cmocka_unit_test(hashes_a_million_letters),
		cmocka_unit_test(gives_the_same_however_the_bytes_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
