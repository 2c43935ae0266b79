/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_id.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, struct incident_id *id)
{
	return incident_id_parse(text, strlen(text), id);
}

static void an_id_is_epoch_in_hex_and_counter(void **state)
{
	struct incident_id id;

	(void)state;
	assert_int_equal(parse("2a-7", &id), 0);
	assert_true(incident_id_is(id, (struct incident_id){42, 7}));
	assert_int_equal(parse("0-1", &id), 0);
	assert_true(incident_id_is(id, (struct incident_id){0, 1}));
}

static void the_largest_id_is_written_and_read(void **state)
{
	const struct incident_id largest = {UINT64_MAX, UINT64_MAX};
	char text[INCIDENT_ID_BYTES];
	struct incident_id id;

	(void)state;
	assert_string_equal(
		incident_id_format(largest, text), "ffffffffffffffff-18446744073709551615");
	assert_int_equal(parse(text, &id), 0);
	assert_true(incident_id_is(id, largest));
}

static void each_id_has_one_spelling(void **state)
{
	static const char *const bad[] = {"", "-", "2a", "2a-", "-7", "2A-7", "02a-7", "00-7",
		"2a-07", "2a-0", "2a--7", "2a-+7", " 2a-7", "2a-7 ", "0x2a-7", "2a-7-1",
		"10000000000000000-7", "2a-18446744073709551616", "2g-7"};
	struct incident_id id = {1, 2};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i], &id) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
	assert_int_equal(incident_id_parse("2a-7\0", 5, &id), -EINVAL);
	assert_true(incident_id_is(id, (struct incident_id){1, 2}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_epoch_in_hex_and_counter),
		cmocka_unit_test(the_largest_id_is_written_and_read),
		cmocka_unit_test(each_id_has_one_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
