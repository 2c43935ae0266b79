/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/connections.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bpf/record.h"

static struct record_connections record_of(uint32_t tgid, uint32_t count)
{
	return (struct record_connections){
		.head.type = RECORD_CONNECTIONS, .start_ns = tgid + 1, .tgid = tgid, .count = count};
}

static void knows_the_connections_of_each_process(void **state)
{
	struct connections connections = CONNECTIONS_INIT;
	const struct record_connections records[] = {record_of(1, 10), record_of(2, UINT32_MAX)};

	(void)state;
	assert_int_equal(connections_take(&connections, records, sizeof(records)), 0);
	assert_int_equal(connections_of(&connections, 1, 2), 10);
	assert_int_equal(connections_of(&connections, 2, 3), UINT32_MAX);
	assert_int_equal(connections_of(&connections, 2, 4), 0); /* another one of that number */
	assert_int_equal(connections_of(&connections, 3, 4), 0);
	connections_reset(&connections);
	assert_int_equal(connections_of(&connections, 1, 2), 0);
}

static void threads_that_share_their_files_count_once(void **state)
{
	struct connections connections = CONNECTIONS_INIT;
	const struct record_connections records[] = {
		record_of(1, 10), record_of(1, 11), record_of(1, 10)};

	(void)state;
	assert_int_equal(connections_take(&connections, records, sizeof(records)), 0);
	assert_int_equal(connections_of(&connections, 1, 2), 11);
	connections_reset(&connections);
}

static void counts_whom_it_has_no_place_for(void **state)
{
	struct connections connections = {.by_key = MAP_INIT(2)};
	const struct record_connections records[] = {
		record_of(1, 1), record_of(2, 2), record_of(3, 3)};

	(void)state;
	assert_int_equal(connections_take(&connections, records, sizeof(records)), 0);
	assert_int_equal(connections_of(&connections, 2, 3), 2);
	assert_int_equal(connections_of(&connections, 3, 4), 0);
	assert_int_equal(connections.refused, 1);
	connections_reset(&connections);
}

static void refuses_what_a_walk_does_not_write(void **state)
{
	struct connections connections = CONNECTIONS_INIT;
	const struct record_connections whole = record_of(1, 1);
	struct record_thread other = {.head.type = RECORD_THREAD, .tgid = 1};

	(void)state;
	assert_int_equal(connections_take(&connections, &whole, sizeof(whole) - 8), -EPROTO);
	assert_int_equal(connections_take(&connections, &other, sizeof(other)), -EPROTO);
	assert_int_equal(connections_of(&connections, 1, 2), 0);
	connections_reset(&connections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_connections_of_each_process),
		cmocka_unit_test(threads_that_share_their_files_count_once),
		cmocka_unit_test(counts_whom_it_has_no_place_for),
		cmocka_unit_test(refuses_what_a_walk_does_not_write),
	};

	return cmocka_run_group_tests_name("collectord/connections", tests, NULL, NULL);
}
