/* SPDX-License-Identifier: AGPL-3.0-only */
#include "proto/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/proto/sample_payload.h"

#define TEXTS_MAX 16

static uint64_t payload[SAMPLE_PAYLOAD_BYTES / sizeof(uint64_t)];
static uint64_t wire[FRAME_BYTES_MAX / sizeof(uint64_t)];
static char long_text[FRAME_BYTES_MAX];

/* Writes a frame of the emptiest payload; its header and body are then in wire. */
static struct frame_header written(unsigned type, const struct text *texts)
{
	struct frame_header header;
	long n;

	sample_payload(type, payload);
	n = frame_write(wire, sizeof(wire), type, 7, payload, texts);
	assert_true(n >= (long)sizeof(header));
	memcpy(&header, wire, sizeof(header));
	assert_int_equal(header.length, n);
	return header;
}

static const void *body(void)
{
	return (const char *)wire + sizeof(struct frame_header);
}

static struct frame parsed(const struct frame_header *header)
{
	const char *why = NULL;
	struct frame frame = {0};

	if (frame_parse(header, body(), &frame, &why) < 0)
		fail_msg("%s: %s", frame_name(header->type), why);
	return frame;
}

static void refuses_header(struct frame_header header, enum way way, const char *reason)
{
	const char *why = NULL;

	assert_int_equal(frame_check_header(&header, way, &why), -EPROTO);
	assert_string_equal(why, reason);
}

static void refuses_body(const struct frame_header *header, const char *reason)
{
	struct frame frame = {0};
	const char *why = NULL;

	assert_int_equal(frame_parse(header, body(), &frame, &why), -EPROTO);
	assert_string_equal(why, reason);
	assert_null(frame.spec);
}

static void each_frame_of_the_table_is_found_by_its_number(void **state)
{
	unsigned found = 0;

	(void)state;
#define FRAME(frame_, number, payload_, ways_, texts_, tail_max_, reliable_, descriptor_) \
	{ \
		const struct frame_spec *spec = frame_spec(number); \
		assert_non_null(spec); \
		assert_string_equal(spec->name, #frame_); \
		assert_string_equal(frame_name(number), #frame_); \
		assert_int_equal(spec->payload_bytes, sizeof(struct payload_)); \
		assert_int_equal(spec->ways, ways_); \
		assert_int_equal(spec->texts, texts_); \
		assert_int_equal(spec->tail_max, tail_max_); \
		assert_int_equal(spec->reliable, reliable_); \
		assert_int_equal(spec->descriptor, descriptor_); \
		found++; \
	}
	FRAMES(FRAME)
#undef FRAME
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++)
		found -= frame_spec(type) != NULL;
	assert_int_equal(found, 0);
}

static void numbers_without_a_frame_have_no_name(void **state)
{
	(void)state;
	assert_null(frame_spec(0));
	assert_null(frame_spec(FRAME_TYPE_MAX));
	assert_null(frame_spec(UINT16_MAX));
	assert_null(frame_spec(UINT32_MAX));
	assert_string_equal(frame_name(UINT32_MAX), "?");
	assert_string_equal(role_name(ROLE_COUNT), "?");
	assert_string_equal(role_name((enum role)-1), "?");
	assert_string_equal(role_name(ROLE_ENFORCERD), "enforcerd");
}

static void each_spec_keeps_its_texts_inside_its_payload(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		const struct frame_spec *spec = frame_spec(type);

		if (!spec)
			continue;
		assert_true(spec->payload_bytes <= SAMPLE_PAYLOAD_BYTES);
		assert_true(spec->ways != 0 && (spec->ways & ~WAY_ANY) == 0);
		assert_int_equal(spec->text_len_offset % sizeof(uint16_t), 0);
		assert_true(spec->text_len_offset + spec->texts * sizeof(uint16_t) <= spec->payload_bytes);
		assert_int_equal(spec->texts > 0, spec->tail_max > 0);
		assert_true(spec->texts <= TEXTS_MAX);
	}
}

static void recordings_and_proposals_carry_no_descriptor(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++)
		if (frame_spec(type) && frame_spec(type)->descriptor)
			assert_int_equal(frame_spec(type)->ways, WAY_DECISIONS_UP);
}

static void what_is_written_is_read_back_whole(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		const struct frame_spec *spec = frame_spec(type);
		char words[TEXTS_MAX][16];
		struct text texts[TEXTS_MAX];
		struct frame_header header;
		struct frame frame;
		const char *why = NULL;

		if (!spec)
			continue;
		for (unsigned i = 0; i < spec->texts; i++) {
			snprintf(words[i], sizeof(words[i]), "%.*s%u", (int)(i % 5), "word", i);
			texts[i] = text_of(words[i]);
		}
		header = written(type, texts);
		assert_int_equal(header.type, type);
		assert_int_equal(header.sequence, 7);
		assert_int_equal(header.flags, spec->descriptor ? FRAME_HAS_FD : 0);
		for (unsigned way = 1; way < WAY_ANY; way <<= 1)
			if (spec->ways & way)
				assert_int_equal(frame_check_header(&header, (enum way)way, &why), 0);
		frame = parsed(&header);
		assert_ptr_equal(frame.spec, spec);
		for (unsigned i = 0; i < spec->texts; i++) {
			assert_int_equal(frame_text(&frame, i).len, strlen(words[i]));
			assert_memory_equal(frame_text(&frame, i).data, words[i], strlen(words[i]));
		}
		/* But for the lengths of the texts the payload is the sender's. */
		memcpy((char *)payload + spec->text_len_offset, (const char *)body() + spec->text_len_offset,
			spec->texts * sizeof(uint16_t));
		assert_memory_equal(frame.payload, payload, spec->payload_bytes);
	}
}

static void a_frame_without_texts_has_empty_ones(void **state)
{
	struct frame_header header = written(FRAME_EXEC, NULL);
	struct frame frame = parsed(&header);
	struct text none[2] = {{NULL, 0}, {NULL, 0}};

	(void)state;
	assert_int_equal(header.length, sizeof(header) + sizeof(struct exec));
	assert_int_equal(frame_text(&frame, 0).len, 0);
	assert_int_equal(frame_text(&frame, 1).len, 0);
	header = written(FRAME_EXEC, none);
	assert_int_equal(header.length, sizeof(header) + sizeof(struct exec));
}

static void texts_over_the_tail_are_shortened_at_their_end(void **state)
{
	struct text texts[2] = {text_of("/usr/bin/true"), {long_text, 5000}};
	struct frame_header header;
	struct frame frame;

	(void)state;
	header = written(FRAME_EXEC, texts);
	frame = parsed(&header);
	assert_int_equal(frame_text(&frame, 0).len, texts[0].len);
	assert_int_equal(frame_text(&frame, 1).len, 2048 - texts[0].len);
	assert_memory_equal(frame_text(&frame, 1).data, long_text, 2048 - texts[0].len);
}

static void every_text_keeps_its_even_share(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		const struct frame_spec *spec = frame_spec(type);
		struct text texts[TEXTS_MAX];
		struct frame_header header;
		struct frame frame;
		size_t sum = 0;

		if (!spec || spec->texts == 0)
			continue;
		for (unsigned i = 0; i < spec->texts; i++)
			texts[i] = (struct text){long_text, i % 2 ? sizeof(long_text) : (size_t)spec->tail_max};
		header = written(type, texts);
		frame = parsed(&header);
		for (unsigned i = 0; i < spec->texts; i++) {
			assert_true(frame_text(&frame, i).len >= (size_t)spec->tail_max / spec->texts);
			sum += frame_text(&frame, i).len;
		}
		assert_int_equal(sum, spec->tail_max);
	}
}

static void writes_nothing_into_a_buffer_that_is_too_small(void **state)
{
	const struct text texts[2] = {text_of("a"), text_of("b")};
	const size_t bytes = sizeof(struct frame_header) + sizeof(struct exec) + 2;
	char buffer[512];

	(void)state;
	sample_payload(FRAME_EXEC, payload);
	memset(buffer, 0x55, sizeof(buffer));
	for (size_t size = 0; size < bytes; size++)
		assert_int_equal(frame_write(buffer, size, FRAME_EXEC, 1, payload, texts), -ENOBUFS);
	for (size_t i = 0; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0x55);
	assert_int_equal(frame_write(buffer, bytes, FRAME_EXEC, 1, payload, texts), bytes);
	assert_int_equal(buffer[bytes], 0x55);
}

static void writes_at_any_address(void **state)
{
	char buffer[128];
	struct frame_header header;

	(void)state;
	sample_payload(FRAME_TICK, payload);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(frame_write(buffer + i, sizeof(buffer) - i, FRAME_TICK, i, payload, NULL), 32);
		memcpy(&header, buffer + i, sizeof(header));
		assert_int_equal(header.sequence, i);
	}
}

static void refuses_a_header_of_an_unknown_frame(void **state)
{
	(void)state;
	refuses_header((struct frame_header){32, 0, 0, 1}, WAY_ANY, "unknown frame");
	refuses_header((struct frame_header){32, 9, 0, 1}, WAY_ANY, "unknown frame");
	refuses_header((struct frame_header){32, FRAME_TYPE_MAX, 0, 1}, WAY_ANY, "unknown frame");
	refuses_header((struct frame_header){32, UINT16_MAX, 0, 1}, WAY_ANY, "unknown frame");
}

static void refuses_each_frame_on_every_way_it_does_not_go(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		struct frame_header header;

		if (!frame_spec(type))
			continue;
		header = written(type, NULL);
		for (unsigned way = 1; way < WAY_ANY; way <<= 1)
			if (!(frame_spec(type)->ways & way))
				refuses_header(header, (enum way)way, "frame is not allowed on this link");
	}
}

static void ruled_cannot_approve_and_apid_cannot_propose(void **state)
{
	(void)state;
	refuses_header(written(FRAME_DECIDE, NULL), WAY_PROPOSALS_UP, "frame is not allowed on this link");
	refuses_header(written(FRAME_CLAIM, NULL), WAY_PROPOSALS_UP, "frame is not allowed on this link");
	refuses_header(written(FRAME_PROPOSE, NULL), WAY_DECISIONS_UP, "frame is not allowed on this link");
	refuses_header(written(FRAME_PROOF, NULL), WAY_DECISIONS_UP, "frame is not allowed on this link");
}

static void refuses_lengths_outside_the_bounds_of_the_spec(void **state)
{
	const char *why = NULL;

	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		const struct frame_spec *spec = frame_spec(type);
		struct frame_header header;
		uint32_t shortest;

		if (!spec)
			continue;
		header = written(type, NULL);
		shortest = header.length;
		header.length = shortest - 1;
		refuses_header(header, (enum way)spec->ways, "frame is too short");
		header.length = 0;
		refuses_header(header, (enum way)spec->ways, "frame is too short");
		header.length = shortest + spec->tail_max;
		assert_int_equal(frame_check_header(&header, (enum way)spec->ways, &why), 0);
		header.length = shortest + spec->tail_max + 1;
		refuses_header(header, (enum way)spec->ways, "frame is too long");
		header.length = UINT32_MAX;
		refuses_header(header, (enum way)spec->ways, "frame is too long");
	}
}

static void refuses_flags_other_than_the_spec_has(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		struct frame_header header;

		if (!frame_spec(type))
			continue;
		header = written(type, NULL);
		header.flags ^= FRAME_HAS_FD;
		refuses_header(header, (enum way)frame_spec(type)->ways, "wrong frame flags");
		header.flags ^= FRAME_HAS_FD | 0x8000;
		refuses_header(header, (enum way)frame_spec(type)->ways, "wrong frame flags");
	}
}

static void refuses_text_lengths_that_do_not_add_up(void **state)
{
	const struct text texts[2] = {text_of("file"), text_of("arguments")};
	struct frame_header header = written(FRAME_EXEC, texts);
	uint16_t *lengths = (uint16_t *)(void *)((char *)wire + sizeof(header) + offsetof(struct exec, text_len));

	(void)state;
	lengths[0]++;
	refuses_body(&header, "text lengths do not add up");
	lengths[1]--;
	parsed(&header);
	lengths[1]--;
	refuses_body(&header, "text lengths do not add up");
	/* The sum is not taken modulo 65536. */
	lengths[0] = UINT16_MAX;
	lengths[1] = (uint16_t)(header.length - sizeof(header) - sizeof(struct exec) + 1);
	refuses_body(&header, "text lengths do not add up");
	header.length++;
	refuses_body(&header, "text lengths do not add up");
}

static void refuses_bad_fields(void **state)
{
	struct frame_header header = written(FRAME_FORK, NULL);
	struct fork *fork = (struct fork *)(void *)((char *)wire + sizeof(header));

	(void)state;
	fork->process.tgid = 0;
	refuses_body(&header, "pid out of range");
	fork->process.tgid = 1;
	memset(fork->process.comm, 'x', COMM_BYTES);
	refuses_body(&header, "comm without end");
}

static void copies_texts_as_strings_that_end(void **state)
{
	const struct text text = {"ab\0cd", 5};
	char buffer[16];

	(void)state;
	assert_string_equal(text_copy(text, buffer, sizeof(buffer)), "ab?cd");
	assert_string_equal(text_copy(text, buffer, 6), "ab?cd");
	assert_string_equal(text_copy(text, buffer, 5), "ab?c");
	assert_string_equal(text_copy(text, buffer, 1), "");
	assert_string_equal(text_copy(text_of(NULL), buffer, sizeof(buffer)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame_of_the_table_is_found_by_its_number),
		cmocka_unit_test(numbers_without_a_frame_have_no_name),
		cmocka_unit_test(each_spec_keeps_its_texts_inside_its_payload),
		cmocka_unit_test(recordings_and_proposals_carry_no_descriptor),
		cmocka_unit_test(what_is_written_is_read_back_whole),
		cmocka_unit_test(a_frame_without_texts_has_empty_ones),
		cmocka_unit_test(texts_over_the_tail_are_shortened_at_their_end),
		cmocka_unit_test(every_text_keeps_its_even_share),
		cmocka_unit_test(writes_nothing_into_a_buffer_that_is_too_small),
		cmocka_unit_test(writes_at_any_address),
		cmocka_unit_test(refuses_a_header_of_an_unknown_frame),
		cmocka_unit_test(refuses_each_frame_on_every_way_it_does_not_go),
		cmocka_unit_test(ruled_cannot_approve_and_apid_cannot_propose),
		cmocka_unit_test(refuses_lengths_outside_the_bounds_of_the_spec),
		cmocka_unit_test(refuses_flags_other_than_the_spec_has),
		cmocka_unit_test(refuses_text_lengths_that_do_not_add_up),
		cmocka_unit_test(refuses_bad_fields),
		cmocka_unit_test(copies_texts_as_strings_that_end),
	};

	memset(long_text, 'x', sizeof(long_text));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
