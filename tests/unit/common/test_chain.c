/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/chain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void seals_a_line_that_opens_again(void **state)
{
	char head[SHA256_HEX_SIZE] = CHAIN_START, line[512] = "{\"kind\":\"HOLD\"}";
	struct chain_link link;
	long len = chain_seal(line, strlen(line), sizeof(line), head);

	(void)state;
	assert_int_equal(len, strlen(line));
	assert_int_equal(chain_open(line, (size_t)len, &link), 0);
	assert_string_equal(link.prev, CHAIN_START);
	assert_string_equal(link.hash, head);
}

/* What a script does with sha256sum: prev, then the line without its hash member. */
static void hashes_what_the_contract_says(void **state)
{
	char head[SHA256_HEX_SIZE] = CHAIN_START, line[512] = "{\"n\":1}", hex[SHA256_HEX_SIZE];
	const char *plain = CHAIN_START "{\"n\":1,\"prev\":\"" CHAIN_START "\"}";
	struct sha256 hash;

	(void)state;
	assert_true(chain_seal(line, strlen(line), sizeof(line), head) > 0);
	sha256_init(&hash);
	sha256_add(&hash, plain, strlen(plain));
	sha256_end_hex(&hash, hex);
	assert_string_equal(head, hex);
}

static void links_each_line_to_the_one_before(void **state)
{
	char head[SHA256_HEX_SIZE] = CHAIN_START, before[SHA256_HEX_SIZE], line[512] = "{\"n\":1}";
	struct chain_link link;
	long len;

	(void)state;
	assert_true(chain_seal(line, strlen(line), sizeof(line), head) > 0);
	memcpy(before, head, sizeof(head));
	strcpy(line, "{\"n\":2}");
	len = chain_seal(line, strlen(line), sizeof(line), head);
	assert_int_equal(chain_open(line, (size_t)len, &link), 0);
	assert_string_equal(link.prev, before);
}

static void notices_every_changed_byte_and_every_cut(void **state)
{
	char head[SHA256_HEX_SIZE] = CHAIN_START,
	     line[512] = "{\"kind\":\"APPROVED\",\"uid\":1000}";
	struct chain_link link;
	long len = chain_seal(line, strlen(line), sizeof(line), head);

	(void)state;
	for (long i = 0; i < len; i++) {
		line[i] ^= 1;
		assert_int_equal(chain_open(line, (size_t)len, &link), -EBADMSG);
		line[i] ^= 1;
		assert_int_equal(chain_open(line, (size_t)i, &link), -EBADMSG);
	}
}

static void leaves_a_line_alone_that_would_not_fit(void **state)
{
	char head[SHA256_HEX_SIZE] = CHAIN_START, line[170] = "{\"n\":1}";

	(void)state;
	assert_int_equal(
		chain_seal(line, strlen(line), CHAIN_SEAL_BYTES + strlen(line), head), -ENOBUFS);
	assert_string_equal(line, "{\"n\":1}");
	assert_string_equal(head, CHAIN_START);
	assert_true(chain_seal(line, strlen(line), CHAIN_SEAL_BYTES + strlen(line) + 1, head) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_a_line_that_opens_again),
		cmocka_unit_test(hashes_what_the_contract_says),
		cmocka_unit_test(links_each_line_to_the_one_before),
		cmocka_unit_test(notices_every_changed_byte_and_every_cut),
		cmocka_unit_test(leaves_a_line_alone_that_would_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
