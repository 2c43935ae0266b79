/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/sse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SEEN_MAX 8

struct seen {
	struct {
		char id[SSE_NAME_MAX], type[SSE_NAME_MAX], data[64];
		size_t len;
	} events[SEEN_MAX];
	unsigned count, enough;
};

static int on_event(void *ctx, const struct sse_event *event)
{
	struct seen *seen = ctx;

	assert_true(seen->count < SEEN_MAX);
	strcpy(seen->events[seen->count].id, event->id);
	strcpy(seen->events[seen->count].type, event->type);
	snprintf(seen->events[seen->count].data, 64, "%s", event->data);
	assert_int_equal(event->data[event->len], '\0');
	seen->events[seen->count++].len = event->len;
	return seen->count == seen->enough;
}

static int feed(struct sse *sse, const char *text, struct seen *seen)
{
	return sse_feed(sse, text, strlen(text), on_event, seen);
}

static void events_have_id_type_and_data(void **state)
{
	struct sse sse = {0};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(
		feed(&sse, "id: a-1\nevent: alert\ndata: {}\n\n:\n\ndata:x\n\n", &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.events[0].id, "a-1");
	assert_string_equal(seen.events[0].type, "alert");
	assert_string_equal(seen.events[0].data, "{}");
	assert_string_equal(seen.events[1].id, "a-1");
	assert_string_equal(seen.events[1].type, "");
	assert_string_equal(seen.events[1].data, "x");
	sse_done(&sse);
}

static void any_line_end_at_any_cut_gives_the_same(void **state)
{
	static const char *const texts[] = {
		"event: a\ndata: 1\ndata: 2\n\ndata: 3\n\n",
		"event: a\r\ndata: 1\r\ndata: 2\r\n\r\ndata: 3\r\n\r\n",
		"event: a\rdata: 1\rdata: 2\r\rdata: 3\r\r",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t cut = 0; cut <= strlen(texts[i]); cut++) {
			struct sse sse = {0};
			struct seen seen = {0};

			assert_int_equal(sse_feed(&sse, texts[i], cut, on_event, &seen), 0);
			assert_int_equal(feed(&sse, texts[i] + cut, &seen), 0);
			assert_int_equal(seen.count, 2);
			assert_string_equal(seen.events[0].data, "1\n2");
			assert_string_equal(seen.events[1].data, "3");
			sse_done(&sse);
		}
	}
}

static void an_event_without_data_or_end_is_none(void **state)
{
	struct sse sse = {0};
	struct seen seen = {0};

	(void)state;
	assert_int_equal(feed(&sse, "event: a\nid: 1\n\nretry: 5\nfoo\n\ndata: half", &seen), 0);
	assert_int_equal(seen.count, 0);
	sse_done(&sse);
}

static void the_reader_can_have_enough(void **state)
{
	struct sse sse = {0};
	struct seen seen = {.enough = 1};

	(void)state;
	assert_int_equal(feed(&sse, "data: 1\n\ndata: 2\n\n", &seen), 1);
	assert_int_equal(seen.count, 1);
	sse_done(&sse);
}

/* @lines lines of data of @len bytes each, then an event that is well. */
static uint64_t refused(size_t lines, size_t len)
{
	_cleanup_free_ char *line = malloc(len + 1);
	struct sse sse = {0};
	struct seen seen = {0};
	uint64_t count;

	assert_non_null(line);
	memset(line, 'x', len);
	line[len] = '\0';
	for (size_t i = 0; i < lines; i++) {
		assert_int_equal(feed(&sse, "data: ", &seen), 0);
		assert_int_equal(feed(&sse, line, &seen), 0);
		assert_int_equal(feed(&sse, "\n", &seen), 0);
	}
	assert_int_equal(feed(&sse, "\ndata: well\n\n", &seen), 0);
	assert_string_equal(seen.events[seen.count - 1].data, "well");
	count = sse.refused;
	assert_int_equal(seen.count, 2 - count);
	assert_true(sse.line.size <= 2 * SSE_EVENT_MAX && sse.data.size <= 2 * SSE_EVENT_MAX);
	sse_done(&sse);
	return count;
}

static void an_event_that_is_too_long_is_left_out_whole(void **state)
{
	(void)state;
	assert_int_equal(refused(1, SSE_EVENT_MAX - 6), 0);
	assert_int_equal(refused(1, SSE_EVENT_MAX - 5), 1);
	assert_int_equal(refused(2, SSE_EVENT_MAX / 2 - 1), 0);
	assert_int_equal(refused(2, SSE_EVENT_MAX / 2), 1);
	assert_int_equal(refused(3, SSE_EVENT_MAX + 5), 1);
}

static void a_name_that_is_too_long_is_none(void **state)
{
	char text[2 * SSE_NAME_MAX + 64] = "id: ";
	struct sse sse = {0};
	struct seen seen = {0};

	(void)state;
	memset(text + 4, 'i', SSE_NAME_MAX);
	strcpy(text + 4 + SSE_NAME_MAX, "\ndata: 1\n\n");
	assert_int_equal(feed(&sse, text, &seen), 0);
	assert_string_equal(seen.events[0].id, "");
	sse_done(&sse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_have_id_type_and_data),
		cmocka_unit_test(any_line_end_at_any_cut_gives_the_same),
		cmocka_unit_test(an_event_without_data_or_end_is_none),
		cmocka_unit_test(the_reader_can_have_enough),
		cmocka_unit_test(an_event_that_is_too_long_is_left_out_whole),
		cmocka_unit_test(a_name_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests_name("client/sse", tests, NULL, NULL);
}
