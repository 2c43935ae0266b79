/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/events.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/record.h"

/* A listener: answers with @answer, keeps the last frame. */
struct listener {
	int answer;
	bool flushed;
	unsigned frames, type;
	char args[RECORD_ARGS_MAX * 2];
	struct out out;
};

static int take(void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	struct listener *listener = ctx;

	(void)payload;
	if (listener->answer < 0)
		return listener->answer;
	listener->frames++;
	listener->type = type;
	if (type == FRAME_EXEC)
		text_copy(texts[1], listener->args, sizeof(listener->args));
	return 0;
}

static bool is_flushed(void *ctx)
{
	return ((struct listener *)ctx)->flushed;
}

static struct listener listener;
static struct events events;

static int make(void **state)
{
	(void)state;
	listener = (struct listener){.out = {take, is_flushed, &listener}};
	events = (struct events){.out = &listener.out, .page_bytes = 4096};
	return cgroups_new(&events.cgroups);
}

static int drop(void **state)
{
	(void)state;
	cgroups_free(events.cgroups);
	return 0;
}

static struct decoded end_of(uint32_t tgid, uint64_t start_ns)
{
	struct record_exit record = {
		.head.type = RECORD_EXIT, .process = {.tgid = tgid, .start_ns = start_ns}};
	struct decoded decoded = {.type = 0};

	(void)!events_decode(&events, &record, sizeof(record), &decoded);
	return decoded;
}

static uint64_t accounted(void)
{
	return events.delivered + events.dropped_link + events.filtered;
}

static void an_event_that_somebody_takes_is_delivered(void **state)
{
	struct decoded decoded = end_of(7, 1);

	(void)state;
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	assert_int_equal(listener.type, FRAME_EXIT);
	assert_int_equal(events.delivered, 1);
	assert_int_equal(accounted(), 1);
}

static void an_event_that_nobody_hears_is_dropped(void **state)
{
	struct decoded decoded = end_of(7, 1);

	(void)state;
	assert_int_equal(events_tell(&events, &decoded, false), 0);
	listener.answer = -ENOTCONN;
	decoded = end_of(8, 1);
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	assert_int_equal(events.dropped_link, 2);
	assert_int_equal(accounted(), 2);
}

static void an_event_without_room_is_told_again_and_counted_once(void **state)
{
	struct decoded decoded = end_of(7, 1);

	(void)state;
	listener.answer = -ENOBUFS;
	assert_int_equal(events_tell(&events, &decoded, true), -ENOBUFS);
	assert_int_equal(accounted(), 0);
	listener.answer = 0;
	decoded = end_of(7, 1);
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	assert_int_equal(events.delivered, 1);
	assert_int_equal(accounted(), 1);
}

static void the_end_of_a_process_is_told_once(void **state)
{
	struct decoded decoded = end_of(7, 1);

	(void)state;
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	decoded = end_of(7, 1);
	assert_int_equal(decoded.type, 0);
	assert_int_equal(events.filtered, 1);
	decoded = end_of(7, 2); /* the pid again, another process */
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	assert_int_equal(listener.frames, 2);
	events.exit_is_exact = true;
	decoded = end_of(7, 2);
	assert_int_equal(decoded.type, FRAME_EXIT);
}

static void what_had_not_left_when_the_listener_went_is_dropped(void **state)
{
	struct decoded decoded = end_of(7, 1);

	(void)state;
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	listener.flushed = true;
	events_settle(&events);
	decoded = end_of(8, 1);
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	events_unsettle(&events);
	assert_int_equal(events.delivered, 1);
	assert_int_equal(events.dropped_link, 1);
}

static void unreadable_records_are_counted(void **state)
{
	struct decoded decoded;

	(void)state;
	assert_int_equal(events_decode(&events, "12345678", 8, &decoded), -EPROTO);
	assert_int_equal(events.filtered, 1);
}

static void secrets_do_not_reach_the_listener(void **state)
{
	struct record_exec record = {.head.type = RECORD_EXEC,
		.process.tgid = 7,
		.exe_len = 1,
		.args_len = 15,
		.text = "aa\0--password\0b"};
	struct decoded decoded;

	(void)state;
	assert_int_equal(events_decode(&events, &record, RECORD_EXEC_MIN + 16, &decoded), 0);
	assert_int_equal(events_tell(&events, &decoded, true), 0);
	assert_string_equal(listener.args, "a --password ***");
}

static void names_of_cgroups_are_kept_though_nobody_listens(void **state)
{
	struct record_cgroup record = {
		.head.type = RECORD_CGROUP, .key = 5, .path_len = 2, .path = "/a"};
	struct decoded decoded;

	(void)state;
	assert_int_equal(events_decode(&events, &record, RECORD_CGROUP_MIN + 2, &decoded), 0);
	assert_int_equal(events_tell(&events, &decoded, false), 0);
	assert_int_equal(cgroups_count(events.cgroups), 1);
	record.removed = 1;
	assert_int_equal(events_decode(&events, &record, RECORD_CGROUP_MIN + 2, &decoded), 0);
	assert_int_equal(events_tell(&events, &decoded, false), 0);
	assert_int_equal(cgroups_count(events.cgroups), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_that_somebody_takes_is_delivered),
		TEST(an_event_that_nobody_hears_is_dropped),
		TEST(an_event_without_room_is_told_again_and_counted_once),
		TEST(the_end_of_a_process_is_told_once),
		TEST(what_had_not_left_when_the_listener_went_is_dropped),
		TEST(unreadable_records_are_counted),
		TEST(secrets_do_not_reach_the_listener),
		TEST(names_of_cgroups_are_kept_though_nobody_listens),
	};

	return cmocka_run_group_tests_name("collectord/events", tests, NULL, NULL);
}
