/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/history.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct history history;

static int set_up(void **state)
{
	(void)state;
	history_init(&history, 0xabc);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	history_done(&history);
	return 0;
}

static void add(unsigned type, const char *json)
{
	assert_int_equal(history_add(&history, type, json), 0);
}

static void an_event_is_framed_with_id_type_and_data(void **state)
{
	uint64_t at = history_resume(&history, NULL);
	const struct history_event *event;

	(void)state;
	assert_null(history_next(&history, STREAM_ALL, &at));
	add(STREAM_ACTION, "{\"a\":1}");
	event = history_next(&history, STREAM_ALL, &at);
	assert_non_null(event);
	assert_string_equal(event->text, "id: abc-1\nevent: action\ndata: {\"a\":1}\n\n");
	assert_int_equal(event->len, strlen(event->text));
	at++;
	assert_null(history_next(&history, STREAM_ALL, &at));
}

static void a_reader_gets_only_its_types(void **state)
{
	uint64_t at = history_resume(&history, NULL);

	(void)state;
	add(STREAM_ACTION, "1");
	add(STREAM_ALERT, "2");
	add(STREAM_ACTION, "3");
	assert_non_null(strstr(history_next(&history, STREAM_ALERT, &at)->text, "id: abc-2\n"));
	at++;
	assert_null(history_next(&history, STREAM_ALERT, &at));
	assert_int_equal(at, 4);
}

static void a_reader_goes_on_after_the_last_id_it_has_seen(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add(STREAM_ALERT, "x");
	assert_int_equal(history_resume(&history, "abc-3"), 4);
	assert_int_equal(history_resume(&history, "abc-5"), 6);
	assert_int_equal(history_resume(&history, "abc-0"), 1);
}

static void an_unknown_id_means_from_now(void **state)
{
	static const char *const ids[] = {"", "abc", "abc-", "abc-6", "abc-x", "abc-01", "abd-3",
		"3", "abc-3 ", "abc-18446744073709551615", "abc-18446744073709551614"};

	(void)state;
	for (int i = 0; i < 5; i++)
		add(STREAM_ALERT, "x");
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (history_resume(&history, ids[i]) != 6)
			fail_msg("'%s'", ids[i]);
	assert_int_equal(history_resume(&history, NULL), 6);
}

static void the_ring_is_bounded_by_number_and_says_who_has_lost_events(void **state)
{
	(void)state;
	for (int i = 0; i < HISTORY_EVENTS_MAX + 10; i++)
		add(STREAM_ALERT, "x");
	assert_int_equal(history.first, 11);
	assert_true(history_lost(&history, 10));
	assert_false(history_lost(&history, 11));
	assert_int_equal(history_resume(&history, "abc-10"), 11);
	assert_int_equal(history_resume(&history, "abc-9"), history.next);
}

static void the_ring_is_bounded_by_bytes(void **state)
{
	static char json[HISTORY_BYTES_MAX / 4 + 1];

	(void)state;
	memset(json, 'x', sizeof(json) - 1);
	for (int i = 0; i < 20; i++)
		add(STREAM_ALERT, json);
	assert_true(history.bytes <= HISTORY_BYTES_MAX);
	assert_int_equal(history.next - history.first, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_event_is_framed_with_id_type_and_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_gets_only_its_types, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_reader_goes_on_after_the_last_id_it_has_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unknown_id_means_from_now, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_ring_is_bounded_by_number_and_says_who_has_lost_events, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(the_ring_is_bounded_by_bytes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
