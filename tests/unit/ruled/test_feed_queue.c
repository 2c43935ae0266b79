/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/feed_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ruled/last_frames.h"
#include "ruled/proposals.h"

static int set_up(void **state)
{
	static struct feed_queue queue;

	feed_queue_init(&queue);
	*state = &queue;
	return 0;
}

static int tear_down(void **state)
{
	feed_queue_done(*state);
	return 0;
}

static void add(struct feed_queue *queue, uint64_t counter)
{
	const struct alert_note note = {.counter = counter};
	const struct text why = text_of("because");

	assert_int_equal(feed_queue_add(queue, FRAME_ALERT_NOTE, &note, &why), 0);
}

static uint64_t counter_of(const struct feed_entry *entry)
{
	return ((const struct alert_note *)entry->frame.payload)->counter;
}

static void keeps_what_is_not_acknowledged(void **state)
{
	struct feed_queue *queue = *state;
	struct feed_entry *entry;
	uint64_t sequence = 10;

	for (uint64_t i = 1; i <= 5; i++)
		add(queue, i);
	for (uint64_t i = 1; (entry = feed_queue_unsent(queue)); i++) {
		assert_int_equal(counter_of(entry), i);
		assert_int_equal(frame_text(&entry->frame, 0).len, 7);
		feed_queue_sent(queue, sequence++);
	}
	feed_queue_acknowledge(queue, 12);
	assert_int_equal(queue->count, 2);
	add(queue, 6);
	assert_int_equal(counter_of(feed_queue_unsent(queue)), 6);
	feed_queue_disconnected(queue);
	assert_int_equal(counter_of(feed_queue_unsent(queue)), 4);
	feed_queue_acknowledge(queue, 100);
	assert_int_equal(queue->count, 3);
	assert_int_equal(queue->discarded, 0);
}

static void gives_up_the_oldest_when_too_many_wait(void **state)
{
	struct feed_queue *queue = *state;

	for (uint64_t i = 1; i <= FEED_QUEUE_MAX + 3; i++)
		add(queue, i);
	assert_int_equal(queue->count, FEED_QUEUE_MAX);
	assert_int_equal(queue->discarded, 3);
	assert_int_equal(counter_of(feed_queue_unsent(queue)), 4);
}

static void gives_up_the_oldest_when_they_are_too_large_together(void **state)
{
	struct feed_queue *queue = *state;
	const struct text texts[ALERT_TEXTS] = {[ALERT_ARGS] = {calloc(1, 8000), 8000}};

	assert_non_null(texts[ALERT_ARGS].data);
	for (uint64_t i = 1; i <= 2000; i++) {
		const struct alert alert = {.counter = i};

		assert_int_equal(feed_queue_add(queue, FRAME_ALERT, &alert, texts), 0);
		assert_true(queue->bytes <= FEED_QUEUE_BYTES_MAX);
	}
	assert_true(queue->count < FEED_QUEUE_BYTES_MAX / 8000);
	assert_int_equal(queue->count + queue->discarded, 2000);
	assert_int_equal(((const struct alert *)feed_queue_unsent(queue)->frame.payload)->counter,
		queue->discarded + 1);
	feed_queue_sent(queue, 1);
	feed_queue_acknowledge(queue, 1);
	assert_int_equal(queue->count + queue->discarded, 1999);
	free((char *)texts[ALERT_ARGS].data);
}

static void what_was_sent_can_be_given_up_too(void **state)
{
	struct feed_queue *queue = *state;

	for (uint64_t i = 1; i <= FEED_QUEUE_MAX; i++)
		add(queue, i);
	feed_queue_sent(queue, 1);
	feed_queue_sent(queue, 2);
	add(queue, FEED_QUEUE_MAX + 1);
	assert_int_equal(counter_of(feed_queue_unsent(queue)), 3);
	feed_queue_acknowledge(queue, 2);
	assert_int_equal(queue->count, FEED_QUEUE_MAX - 1);
	feed_queue_disconnected(queue);
	assert_int_equal(counter_of(feed_queue_unsent(queue)), 3);
}

static void shortens_texts_that_do_not_fit_a_frame(void **state)
{
	static char long_text[5000];
	struct feed_queue *queue = *state;
	const struct alert_note note = {.counter = 1};
	struct text why = {long_text, sizeof(long_text)};

	memset(long_text, 'x', sizeof(long_text));
	assert_int_equal(feed_queue_add(queue, FRAME_ALERT_NOTE, &note, &why), 0);
	assert_int_equal(frame_text(&feed_queue_unsent(queue)->frame, 0).len, 512);
}

static void keep(
	struct last_frames *last, unsigned type, const void *payload, const struct text *texts)
{
	static uint64_t bytes[1024];
	struct frame frame;
	const char *why;

	assert_true(frame_write(bytes, sizeof(bytes), type, 1, payload, texts) > 0);
	assert_int_equal(frame_parse((void *)bytes, bytes + 2, &frame, &why), 0);
	last_frames_keep(last, &frame);
}

static void the_last_frame_of_each_name_is_kept(void **state)
{
	struct last_frames last = {0};
	const struct frame *frame;
	unsigned cursor = 0;

	(void)state;
	for (uint16_t round = 0; round < 2; round++) {
		const struct probe probe = {.attached = round};
		const struct tick tick = {.time_ns = round};
		const struct self one = {.role = ROLE_RULED}, two = {.role = ROLE_COLLECTORD};
		const struct text fork[] = {text_of("fork"), text_of("")};
		const struct text exec[] = {text_of("exec"), text_of("why")};

		keep(&last, FRAME_PROBE, &probe, fork);
		keep(&last, FRAME_PROBE, &probe, exec);
		keep(&last, FRAME_TICK, &tick, NULL);
		keep(&last, FRAME_SELF, &one, NULL);
		keep(&last, FRAME_SELF, &two, NULL);
	}
	assert_int_equal(last.count, 5);
	for (unsigned i = 0; i < 2; i++) {
		frame = last_frames_next(&last, FRAME_PROBE, &cursor);
		assert_non_null(frame);
		assert_int_equal(((const struct probe *)frame->payload)->attached, 1);
	}
	assert_int_equal(frame_text(frame, 1).len, 3);
	assert_null(last_frames_next(&last, FRAME_PROBE, &cursor));
	last_frames_done(&last);
}

static void one_proposal_is_open_for_each_culprit_of_a_rule(void **state)
{
	static struct proposals proposals;
	struct proposal *first = proposals_add(&proposals, "storm", 10, 100, 1);

	(void)state;
	assert_non_null(first);
	assert_int_equal(first->number, 1);
	assert_ptr_equal(proposals_find(&proposals, "storm", 10, 100), first);
	assert_null(proposals_find(&proposals, "storm", 10, 101));
	assert_null(proposals_find(&proposals, "other", 10, 100));
	assert_ptr_equal(proposals_of_alert(&proposals, 1), first);
	proposals_close(first);
	assert_null(proposals_get(&proposals, 1));
	for (unsigned i = 0; i < PROPOSALS_MAX; i++)
		assert_non_null(proposals_add(&proposals, "storm", i + 1, 1, i));
	assert_null(proposals_add(&proposals, "storm", 9999, 1, 9999));
	assert_int_equal(proposals.last, PROPOSALS_MAX + 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(keeps_what_is_not_acknowledged),
		TEST(gives_up_the_oldest_when_too_many_wait),
		TEST(gives_up_the_oldest_when_they_are_too_large_together),
		TEST(what_was_sent_can_be_given_up_too),
		TEST(shortens_texts_that_do_not_fit_a_frame),
		cmocka_unit_test(the_last_frame_of_each_name_is_kept),
		cmocka_unit_test(one_proposal_is_open_for_each_culprit_of_a_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
