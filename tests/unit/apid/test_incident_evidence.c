/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_snapshot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

static struct made_frame made;
static struct incident_evidence evidence;

static const char *user(uid_t uid, char *buffer, size_t size)
{
	snprintf(buffer, size, "user%u", (unsigned)uid);
	return buffer;
}

static int tear_down(void **state)
{
	(void)state;
	incident_evidence_done(&evidence);
	return 0;
}

static void row(uint32_t pid, uint16_t lists, int16_t generation, double cpu_pct, const char *args)
{
	const struct incident_process process = {
		.epoch = 1,
		.counter = 1,
		.process = {.tgid = pid,
			.ppid = pid - 1,
			.uid = 7,
			.start_ns = 5 * NSEC_PER_SEC,
			.comm = "a\\b"},
		.cpu_pct = cpu_pct,
		.rss_bytes = 1000 - pid,
		.fds = pid,
		.threads = 2,
		.lists = lists,
		.generation = generation,
	};
	const struct text texts[] = {text_of("/bin/a"), text_of(args)};

	assert_int_equal(incident_evidence_add(&evidence,
				 make_frame(&made, FRAME_INCIDENT_PROCESS, &process, texts)),
		0);
}

/* The pids of an array of processes: "3 1 2 ". */
static const char *pids(const json_t *list)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(list); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d ",
			(int)json_integer_value(json_object_get(json_array_get(list, i), "pid")));
	return text;
}

static void a_row_that_comes_again_takes_its_old_place(void **state)
{
	size_t bytes;

	(void)state;
	row(1, INCIDENT_IN_TREE, 0, 1, "first");
	row(2, INCIDENT_IN_TREE, 1, 2, "x");
	bytes = evidence.bytes;
	row(1, INCIDENT_IN_TREE, 0, 1, "other");
	row(2, INCIDENT_IN_TREE, 1, 2, "x");
	assert_int_equal(evidence.row_count, 2);
	assert_int_equal(evidence.bytes, bytes);
	assert_memory_equal(incident_row_text(evidence.rows[0], 1).data, "other", 5);
}

static void rows_beyond_the_bound_are_counted_and_known_ones_still_taken(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= INCIDENT_ROWS_MAX + 9; pid++)
		row(pid, INCIDENT_IN_TREE, 0, 1, "");
	assert_int_equal(evidence.row_count, INCIDENT_ROWS_MAX);
	assert_int_equal(evidence.refused, 9);
	row(1, INCIDENT_IN_TREE, 0, 1, "again");
	assert_int_equal(incident_row_text(evidence.rows[0], 1).len, 5);
}

static void each_list_has_its_rows_in_its_order(void **state)
{
	json_t *snapshot, *tree;

	(void)state;
	row(10, INCIDENT_IN_TREE | INCIDENT_TOP_CPU, 0, 5, "");
	row(20, INCIDENT_IN_TREE | INCIDENT_TOP_FDS, 1, 50, "");
	row(30, INCIDENT_IN_TREE | INCIDENT_TOP_RSS | INCIDENT_TOP_FDS, -1, 1, "");
	row(40, INCIDENT_TOP_CPU | INCIDENT_TOP_RSS, 0, 9, "");
	snapshot = incident_snapshot(&evidence, user, 0);
	tree = incident_tree(&evidence, user, 0);
	assert_string_equal(pids(tree), "30 10 20 ");
	assert_string_equal(pids(json_object_get(snapshot, "top_cpu")), "40 10 ");
	assert_string_equal(pids(json_object_get(snapshot, "top_rss")), "30 40 ");
	assert_string_equal(pids(json_object_get(snapshot, "top_fds")), "30 20 ");
	json_decref(snapshot);
	json_decref(tree);
}

static void dumped(json_t *json, const char *expected)
{
	char *text = shape_dump(json);

	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void a_process_of_the_tree_has_its_documented_shape(void **state)
{
	(void)state;
	row(10, INCIDENT_IN_TREE, -2, 5.5, "a \xff");
	dumped(incident_tree(&evidence, user, (int64_t)(1700000000 * NSEC_PER_SEC)),
		"[{\"generation\":-2,\"pid\":10,\"ppid\":9,\"start_time\":1700000005.0,"
		"\"comm\":\"a\\\\x5cb\",\"exe\":\"/bin/a\",\"args\":\"a \\\\xff\",\"user\":\"user7\","
		"\"uid\":7,\"state\":\"alive\",\"cpu_pct\":5.5,\"rss_bytes\":990,\"swap_bytes\":0,"
		"\"fds\":10,\"fd_limit\":0,\"threads\":2}]");
}

static void what_was_not_told_is_null_or_empty(void **state)
{
	(void)state;
	dumped(incident_snapshot(&evidence, user, 0),
		"{\"psi\":null,\"load\":null,\"cpu_pct\":null,\"memory_available_bytes\":null,"
		"\"top_cpu\":[],\"top_rss\":[],\"top_fds\":[],\"losses\":null}");
	dumped(incident_tree(&evidence, user, 0), "[]");
	dumped(incident_series(&evidence), "null");
	dumped(incident_events(&evidence), "[]");
}

static void the_host_is_shown_in_percent_and_unknown_pressure_as_null(void **state)
{
	const struct incident_host host = {
		.epoch = 1,
		.counter = 1,
		.host = {.pressure = {{.some_avg10_centi = 1234, .full_avg10_centi = 50}},
			.memory_available_bytes = 4096,
			.load1_centi = 150,
			.load15_centi = 1,
			.pressure_known = 1},
		.cpu_pct = 99.5,
		.generated = UINT64_MAX,
		.delivered = 2,
		.dropped = 1,
	};

	(void)state;
	assert_int_equal(incident_evidence_add(
				 &evidence, make_frame(&made, FRAME_INCIDENT_HOST, &host, NULL)),
		0);
	dumped(incident_snapshot(&evidence, user, 0),
		"{\"psi\":{\"cpu\":{\"some_avg10\":12.34,\"full_avg10\":0.5},\"memory\":null,\"io\":null},"
		"\"load\":[1.5,0.0,0.01],\"cpu_pct\":99.5,\"memory_available_bytes\":4096,"
		"\"top_cpu\":[],\"top_rss\":[],\"top_fds\":[],"
		"\"losses\":{\"generated\":9223372036854775807,\"delivered\":2,\"dropped\":1}}");
}

static void points_without_a_number_are_null(void **state)
{
	struct incident_series series = {.epoch = 1, .counter = 1, .count = 3};

	(void)state;
	series.points[0].wall_ns = 1700000000 * NSEC_PER_SEC;
	series.points[0].value = 10.5;
	series.points[1].value = NAN;
	series.points[2].value = -INFINITY;
	for (unsigned twice = 0; twice < 2; twice++)
		assert_int_equal(incident_evidence_add(&evidence,
					 make_frame(&made, FRAME_INCIDENT_SERIES, &series,
						 (struct text[]){text_of("forks/s")})),
			0);
	dumped(incident_series(&evidence),
		"{\"unit\":\"forks/s\",\"points\":[[1700000000.0,10.5],[null,null],[null,null]]}");
}

static void events_survive_a_comm_without_end_and_an_unknown_kind(void **state)
{
	struct incident_events events = {.epoch = 1, .counter = 1, .count = 2};

	(void)state;
	events.events[0].kind = EVENT_EXIT;
	events.events[0].tgid = 5;
	events.events[0].status = 256;
	memset(events.events[0].comm, 'x', COMM_BYTES);
	events.events[1].kind = 77;
	events.events[1].status = 256;
	memcpy(events.events[1].comm, "\n", 2);
	assert_int_equal(incident_evidence_add(&evidence,
				 make_frame(&made, FRAME_INCIDENT_EVENTS, &events, NULL)),
		0);
	dumped(incident_events(&evidence),
		"[{\"time\":null,\"kind\":\"exit\",\"pid\":5,\"ppid\":0,\"comm\":\"xxxxxxxxxxxxxxxx\","
		"\"status\":256},{\"time\":null,\"kind\":\"unknown\",\"pid\":0,\"ppid\":0,"
		"\"comm\":\"\\\\x0a\",\"status\":null}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_row_that_comes_again_takes_its_old_place, tear_down),
		cmocka_unit_test_teardown(
			rows_beyond_the_bound_are_counted_and_known_ones_still_taken, tear_down),
		cmocka_unit_test_teardown(each_list_has_its_rows_in_its_order, tear_down),
		cmocka_unit_test_teardown(
			a_process_of_the_tree_has_its_documented_shape, tear_down),
		cmocka_unit_test_teardown(what_was_not_told_is_null_or_empty, tear_down),
		cmocka_unit_test_teardown(
			the_host_is_shown_in_percent_and_unknown_pressure_as_null, tear_down),
		cmocka_unit_test_teardown(points_without_a_number_are_null, tear_down),
		cmocka_unit_test_teardown(
			events_survive_a_comm_without_end_and_an_unknown_kind, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
