/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/frame_reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/common/sockets.h"

#define TICK_BYTES 32
#define CLAIM_BYTES 24

static struct frame_reader reader;
static int pair[2];         /* the test writes to the first end, the reader reads from the second */
static int file;            /* what is sent along */
static unsigned fds_before; /* open descriptors while the reader keeps none */

static int open_reader(enum way way, bool descriptors)
{
	open_pair(pair);
	file = some_file();
	fds_before = open_fds();
	return frame_reader_init(&reader, way, descriptors);
}

static int plain_reader(void **state)
{
	(void)state;
	return open_reader(WAY_EVENTS_UP, false);
}

static int descriptor_reader(void **state)
{
	(void)state;
	return open_reader(WAY_DECISIONS_UP, true);
}

static int close_reader(void **state)
{
	(void)state;
	frame_reader_reset(&reader);
	assert_int_equal(open_fds(), fds_before - (pair[0] < 0));
	frame_reader_done(&reader);
	frame_reader_done(&reader);
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	close_fd(&file);
	return 0;
}

static size_t tick(char *buffer, uint64_t sequence)
{
	const struct tick payload = {.time_ns = sequence};

	assert_int_equal(frame_write(buffer, TICK_BYTES, FRAME_TICK, sequence, &payload, NULL), TICK_BYTES);
	return TICK_BYTES;
}

static size_t claim(char *buffer, uint64_t sequence)
{
	const struct claim payload = {.connection = sequence};

	assert_int_equal(frame_write(buffer, CLAIM_BYTES, FRAME_CLAIM, sequence, &payload, NULL), CLAIM_BYTES);
	return CLAIM_BYTES;
}

static size_t unclaim(char *buffer, uint64_t sequence)
{
	const struct unclaim payload = {.connection = sequence};

	assert_int_equal(frame_write(buffer, CLAIM_BYTES, FRAME_UNCLAIM, sequence, &payload, NULL), CLAIM_BYTES);
	return CLAIM_BYTES;
}

static void send_bytes(const void *data, size_t len)
{
	assert_int_equal(send(pair[0], data, len, MSG_NOSIGNAL), len);
}

static int next(struct frame *frame, int *fd, const char **why)
{
	*fd = -1;
	return frame_reader_next(&reader, pair[1], frame, fd, why);
}

static void takes(unsigned type, uint64_t sequence)
{
	const char *why = "";
	struct frame frame;
	int fd, r = next(&frame, &fd, &why);

	if (r != 1)
		fail_msg("%d: %s", r, why);
	assert_int_equal(frame.header.type, type);
	assert_int_equal(frame.header.sequence, sequence);
	assert_int_equal(*(const uint64_t *)frame.payload, sequence);
	assert_int_equal(fd >= 0, type == FRAME_CLAIM);
	close_fd(&fd);
}

static void waits(void)
{
	const char *why = "";
	struct frame frame;
	int fd;

	assert_int_equal(next(&frame, &fd, &why), 0);
	assert_int_equal(fd, -1);
}

static void ends(int wanted, const char *reason)
{
	const char *why = "";
	struct frame frame;
	int fd;

	assert_int_equal(next(&frame, &fd, &why), wanted);
	assert_int_equal(fd, -1);
	assert_string_equal(why, reason);
}

static void takes_many_frames_from_one_chunk(void **state)
{
	char bytes[10 * TICK_BYTES];

	(void)state;
	waits();
	for (size_t i = 0; i < 10; i++)
		tick(bytes + i * TICK_BYTES, i + 1);
	send_bytes(bytes, sizeof(bytes));
	for (uint64_t i = 1; i <= 10; i++) {
		takes(FRAME_TICK, i);
		assert_int_equal(frame_reader_has_next(&reader), i < 10);
	}
	waits();
}

static void takes_a_frame_that_trickles_in_byte_by_byte(void **state)
{
	char bytes[TICK_BYTES];

	(void)state;
	for (uint64_t sequence = 1; sequence <= 3; sequence++) {
		tick(bytes, sequence);
		for (size_t i = 0; i < sizeof(bytes); i++) {
			waits();
			assert_false(frame_reader_has_next(&reader));
			send_bytes(bytes + i, 1);
		}
		takes(FRAME_TICK, sequence);
	}
}

static void takes_a_descriptor_whose_frame_trickles_in(void **state)
{
	char bytes[CLAIM_BYTES];

	(void)state;
	claim(bytes, 1);
	send_with(pair[0], bytes, 1, &file, 1);
	for (size_t i = 1; i < sizeof(bytes); i++) {
		waits();
		send_bytes(bytes + i, 1);
	}
	takes(FRAME_CLAIM, 1);
	waits();
}

static void takes_more_than_its_buffer_holds(void **state)
{
	static char bytes[1000 * 2200];
	static char arguments[2048];
	const struct text texts[2] = {{arguments, 1}, {arguments, sizeof(arguments) - 1}};
	const struct exec exec = {.process = {.tgid = 1}};
	size_t used = 0, sent = 0;
	uint64_t received = 0;
	int r;

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++) {
		long n = frame_write(bytes + used, sizeof(bytes) - used, FRAME_EXEC, i, &exec, texts);

		assert_true(n > 0);
		used += (size_t)n;
	}
	while (received < 1000) {
		const char *why = "";
		struct frame frame;
		ssize_t n = send(pair[0], bytes + sent, used - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		int fd;

		assert_true(n >= 0 || errno == EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		while ((r = next(&frame, &fd, &why)) == 1)
			received++;
		assert_int_equal(r, 0);
	}
	waits();
}

static void takes_long_frames_at_any_place_of_its_buffer(void **state)
{
	static char path[4096], bytes[8192];
	const struct text text = {path, sizeof(path)};
	const struct cgroup cgroup = {.key = 1};

	(void)state;
	for (uint64_t i = 1; i <= 100; i++) {
		const char *why = "";
		struct frame frame;
		long n = frame_write(bytes, sizeof(bytes), FRAME_CGROUP, i, &cgroup, &text);
		int fd;

		assert_true(n > 0);
		send_bytes(bytes, (size_t)n - 1);
		waits();
		send_bytes(bytes + n - 1, 1);
		assert_int_equal(next(&frame, &fd, &why), 1);
		assert_int_equal(frame_text(&frame, 0).len, sizeof(path));
	}
}

static void refuses_gaps_and_repeats_in_the_sequence(void **state)
{
	static const uint64_t wrong[] = {0, 1, 3, UINT64_MAX};
	char bytes[TICK_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		send_bytes(bytes, tick(bytes, 1));
		takes(FRAME_TICK, 1);
		tick(bytes, 2);
		memcpy(bytes + offsetof(struct frame_header, sequence), &wrong[i], sizeof(wrong[i]));
		send_bytes(bytes, sizeof(struct frame_header));
		ends(-EPROTO, "frames out of sequence");
		frame_reader_reset(&reader);
	}
	send_bytes(bytes, tick(bytes, 2));
	ends(-EPROTO, "frames out of sequence");
}

static void refuses_a_bad_header_before_the_rest_has_come(void **state)
{
	static const struct {
		struct frame_header header;
		const char *reason;
	} cases[] = {
		{{32, 0, 0, 1}, "unknown frame"},
		{{32, 63, 0, 1}, "unknown frame"},
		{{32, UINT16_MAX, 0, 1}, "unknown frame"},
		{{24, FRAME_ACK, 0, 1}, "frame is not allowed on this link"},
		{{0, FRAME_TICK, 0, 1}, "frame is too short"},
		{{16, FRAME_TICK, 0, 1}, "frame is too short"},
		{{33, FRAME_TICK, 0, 1}, "frame is too long"},
		{{UINT32_MAX, FRAME_TICK, 0, 1}, "frame is too long"},
		{{65537, FRAME_EXEC, 0, 1}, "frame is too long"},
		{{32, FRAME_TICK, 1, 1}, "wrong frame flags"},
		{{32, FRAME_TICK, 0, 2}, "frames out of sequence"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		send_bytes(&cases[i].header, sizeof(cases[i].header));
		ends(-EPROTO, cases[i].reason);
		frame_reader_reset(&reader);
	}
}

static void a_bad_header_behind_a_good_frame_counts_as_something_to_read(void **state)
{
	char bytes[TICK_BYTES + sizeof(struct frame_header)] = {0};

	(void)state;
	tick(bytes, 1);
	send_bytes(bytes, sizeof(bytes));
	takes(FRAME_TICK, 1);
	assert_true(frame_reader_has_next(&reader));
	ends(-EPROTO, "unknown frame");
}

static void refuses_bad_fields(void **state)
{
	const struct tick late = {.time_ns = UINT64_MAX};
	char bytes[TICK_BYTES];

	(void)state;
	assert_int_equal(frame_write(bytes, sizeof(bytes), FRAME_TICK, 1, &late, NULL), TICK_BYTES);
	send_bytes(bytes, sizeof(bytes));
	ends(-EPROTO, "time out of range");
}

static void refuses_two_descriptors(void **state)
{
	const int files[2] = {file, file};
	char bytes[CLAIM_BYTES];

	(void)state;
	send_with(pair[0], bytes, claim(bytes, 1), files, 2);
	ends(-EPROTO, "more than one descriptor");
}

static void refuses_more_descriptors_than_it_has_room_for(void **state)
{
	const int files[8] = {file, file, file, file, file, file, file, file};
	char bytes[CLAIM_BYTES];

	(void)state;
	send_with(pair[0], bytes, claim(bytes, 1), files, 8);
	ends(-EPROTO, "more than one descriptor");
	assert_int_equal(open_fds(), fds_before);
}

static void refuses_a_second_descriptor_in_the_middle_of_a_frame(void **state)
{
	char bytes[CLAIM_BYTES];

	(void)state;
	claim(bytes, 1);
	send_with(pair[0], bytes, 20, &file, 1);
	waits();
	send_with(pair[0], bytes + 20, 4, &file, 1);
	ends(-EPROTO, "more than one descriptor");
}

static void refuses_a_stray_descriptor(void **state)
{
	char bytes[CLAIM_BYTES];

	(void)state;
	send_with(pair[0], bytes, unclaim(bytes, 1), &file, 1);
	ends(-EPROTO, "unexpected descriptor");
}

static void refuses_a_descriptor_where_none_is_ever_sent(void **state)
{
	char bytes[TICK_BYTES];

	(void)state;
	send_with(pair[0], bytes, tick(bytes, 1), &file, 1);
	ends(-EPROTO, "unexpected descriptor");
}

static void refuses_a_frame_whose_descriptor_is_missing(void **state)
{
	char bytes[CLAIM_BYTES];

	(void)state;
	send_bytes(bytes, claim(bytes, 1));
	ends(-EPROTO, "descriptor is missing");
}

static void a_late_descriptor_is_not_taken_for_the_next_frame(void **state)
{
	char bytes[2 * CLAIM_BYTES];

	(void)state;
	/* The descriptor comes with the last byte of a frame that has none. */
	unclaim(bytes, 1);
	claim(bytes + CLAIM_BYTES, 2);
	send_bytes(bytes, CLAIM_BYTES - 1);
	send_with(pair[0], bytes + CLAIM_BYTES - 1, CLAIM_BYTES + 1, &file, 1);
	ends(-EPROTO, "unexpected descriptor");
}

static void a_peer_that_closes_is_told_after_its_last_frame(void **state)
{
	char bytes[TICK_BYTES];

	(void)state;
	send_bytes(bytes, tick(bytes, 1));
	send_bytes(bytes, tick(bytes, 2));
	close_fd(&pair[0]);
	takes(FRAME_TICK, 1);
	takes(FRAME_TICK, 2);
	ends(-EPIPE, "");
}

static void a_peer_may_close_in_the_middle_of_a_frame(void **state)
{
	char bytes[TICK_BYTES];

	(void)state;
	tick(bytes, 1);
	send_bytes(bytes, TICK_BYTES - 1);
	close_fd(&pair[0]);
	ends(-EPIPE, "");
}

static void a_reset_reader_forgets_the_old_connection(void **state)
{
	char bytes[CLAIM_BYTES];

	(void)state;
	send_with(pair[0], bytes, claim(bytes, 1), &file, 1);
	takes(FRAME_CLAIM, 1);
	claim(bytes, 2);
	send_with(pair[0], bytes, 20, &file, 1);
	waits();
	frame_reader_reset(&reader);
	assert_int_equal(open_fds(), fds_before);
	send_bytes(bytes, unclaim(bytes, 1));
	takes(FRAME_UNCLAIM, 1);
}

int main(void)
{
#define PLAIN(test) cmocka_unit_test_setup_teardown(test, plain_reader, close_reader)
#define WITH_FDS(test) cmocka_unit_test_setup_teardown(test, descriptor_reader, close_reader)
	const struct CMUnitTest tests[] = {
		PLAIN(takes_many_frames_from_one_chunk),
		PLAIN(takes_a_frame_that_trickles_in_byte_by_byte),
		WITH_FDS(takes_a_descriptor_whose_frame_trickles_in),
		PLAIN(takes_more_than_its_buffer_holds),
		PLAIN(takes_long_frames_at_any_place_of_its_buffer),
		PLAIN(refuses_gaps_and_repeats_in_the_sequence),
		PLAIN(refuses_a_bad_header_before_the_rest_has_come),
		PLAIN(a_bad_header_behind_a_good_frame_counts_as_something_to_read),
		PLAIN(refuses_bad_fields),
		WITH_FDS(refuses_two_descriptors),
		WITH_FDS(refuses_more_descriptors_than_it_has_room_for),
		WITH_FDS(refuses_a_second_descriptor_in_the_middle_of_a_frame),
		WITH_FDS(refuses_a_stray_descriptor),
		PLAIN(refuses_a_descriptor_where_none_is_ever_sent),
		WITH_FDS(refuses_a_frame_whose_descriptor_is_missing),
		WITH_FDS(a_late_descriptor_is_not_taken_for_the_next_frame),
		PLAIN(a_peer_that_closes_is_told_after_its_last_frame),
		PLAIN(a_peer_may_close_in_the_middle_of_a_frame),
		WITH_FDS(a_reset_reader_forgets_the_old_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
