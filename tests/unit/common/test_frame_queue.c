/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/frame_queue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/frame_reader.h"
#include "tests/unit/common/sockets.h"

#define QUEUE_BYTES (1U << 20)
#define TICK_BYTES 32U

static struct frame_queue queue;
static struct frame_reader reader;
static int pair[2]; /* the queue writes to the first end, the reader reads from the second */

static int connect_ends(void **state)
{
	(void)state;
	open_pair(pair);
	frame_queue_init(&queue, QUEUE_BYTES);
	return frame_reader_init(&reader, WAY_DECISIONS_UP, true);
}

static int disconnect_ends(void **state)
{
	(void)state;
	frame_queue_reset(&queue);
	frame_reader_done(&reader);
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	return 0;
}

static int add_tick(uint64_t time_ns)
{
	const struct tick tick = {.time_ns = time_ns};

	return frame_queue_add(&queue, FRAME_TICK, &tick, NULL, -1);
}

static int add_unclaim(uint64_t connection)
{
	const struct unclaim unclaim = {connection};

	return frame_queue_add(&queue, FRAME_UNCLAIM, &unclaim, NULL, -1);
}

static int add_claim(uint64_t connection, int fd)
{
	const struct claim claim = {connection};

	return frame_queue_add(&queue, FRAME_CLAIM, &claim, NULL, fd);
}

/* Reads one frame that must be there; *fd is what came with it. Returns the connection it names. */
static uint64_t next_connection(unsigned type, int *fd)
{
	const char *why = "";
	struct frame frame;
	uint64_t connection;
	int r = frame_reader_next(&reader, pair[1], &frame, fd, &why);

	if (r != 1)
		fail_msg("%d: %s", r, why);
	assert_int_equal(frame.header.type, type);
	memcpy(&connection, frame.payload, sizeof(connection));
	return connection;
}

static void numbers_frames_from_one(void **state)
{
	char bytes[4 * TICK_BYTES];
	struct frame_header header;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(add_tick(i), 0);
	assert_int_equal(frame_queue_bytes(&queue), 3 * TICK_BYTES);
	assert_int_equal(queue.sequence, 3);
	assert_int_equal(frame_queue_write(&queue, pair[0]), 0);
	assert_int_equal(frame_queue_bytes(&queue), 0);
	assert_int_equal(read(pair[1], bytes, sizeof(bytes)), 3 * TICK_BYTES);
	for (size_t i = 0; i < 3; i++) {
		memcpy(&header, bytes + i * TICK_BYTES, sizeof(header));
		assert_int_equal(header.sequence, i + 1);
	}
}

static void many_frames_leave_in_one_write(void **state)
{
	static char bytes[256 * TICK_BYTES + 1];

	(void)state;
	for (uint64_t i = 0; i < 256; i++)
		assert_int_equal(add_tick(i), 0);
	assert_int_equal(frame_queue_write(&queue, pair[0]), 0);
	assert_int_equal(recv(pair[1], bytes, sizeof(bytes), 0), 256 * TICK_BYTES);
}

static void descriptors_arrive_with_their_own_frames(void **state)
{
	int files[3] = {some_file(), some_file(), some_file()}, got[3] = {-1, -1, -1}, none = -1;

	(void)state;
	assert_int_equal(add_unclaim(1), 0);
	assert_int_equal(add_claim(2, files[0]), 0);
	assert_int_equal(add_unclaim(3), 0);
	assert_int_equal(add_unclaim(4), 0);
	assert_int_equal(add_claim(5, files[1]), 0);
	assert_int_equal(add_claim(6, files[2]), 0);
	assert_int_equal(add_unclaim(7), 0);
	assert_int_equal(frame_queue_write(&queue, pair[0]), 0);
	assert_int_equal(queue.fd_count, 0);

	assert_int_equal(next_connection(FRAME_UNCLAIM, &none), 1);
	assert_int_equal(next_connection(FRAME_CLAIM, &got[0]), 2);
	assert_int_equal(next_connection(FRAME_UNCLAIM, &none), 3);
	assert_int_equal(next_connection(FRAME_UNCLAIM, &none), 4);
	assert_int_equal(next_connection(FRAME_CLAIM, &got[1]), 5);
	assert_int_equal(next_connection(FRAME_CLAIM, &got[2]), 6);
	assert_int_equal(next_connection(FRAME_UNCLAIM, &none), 7);
	assert_int_equal(none, -1);
	for (size_t i = 0; i < 3; i++) {
		assert_true(same_file(files[i], got[i]));
		close(files[i]);
		close(got[i]);
	}
}

static void keeps_its_own_copy_of_a_descriptor(void **state)
{
	int file = some_file(), got = -1;
	unsigned before = open_fds();

	(void)state;
	assert_int_equal(add_claim(1, file), 0);
	assert_int_equal(open_fds(), before + 1);
	close(file);
	assert_int_equal(frame_queue_write(&queue, pair[0]), 0);
	assert_int_equal(next_connection(FRAME_CLAIM, &got), 1);
	assert_true(got >= 0);
	close(got);
	assert_int_equal(open_fds(), before - 1);
}

static void a_full_queue_takes_nothing_at_all(void **state)
{
	int file = some_file();
	unsigned before = open_fds();

	(void)state;
	frame_queue_init(&queue, 3 * TICK_BYTES);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(add_tick(i), 0);
	assert_int_equal(add_tick(3), -ENOBUFS);
	assert_int_equal(add_claim(4, file), -ENOBUFS);
	assert_int_equal(frame_queue_bytes(&queue), 3 * TICK_BYTES);
	assert_int_equal(queue.sequence, 3);
	assert_int_equal(queue.fd_count, 0);
	assert_int_equal(open_fds(), before);
	/* What is refused leaves no gap in the numbers. */
	assert_int_equal(frame_queue_write(&queue, pair[0]), 0);
	assert_int_equal(add_tick(5), 0);
	assert_int_equal(queue.sequence, 4);
	close(file);
}

static void takes_no_more_descriptors_than_its_bound(void **state)
{
	int file = some_file();
	unsigned before = open_fds();

	(void)state;
	for (unsigned i = 0; i < FRAME_QUEUE_FDS; i++)
		assert_int_equal(add_claim(i + 1, file), 0);
	assert_int_equal(add_claim(100, file), -ENOBUFS);
	assert_int_equal(queue.sequence, FRAME_QUEUE_FDS);
	assert_int_equal(add_unclaim(101), 0);
	frame_queue_reset(&queue);
	assert_int_equal(open_fds(), before);
	close(file);
}

static void a_descriptor_that_is_none_adds_nothing(void **state)
{
	(void)state;
	assert_int_equal(add_claim(1, 1 << 20), -EBADF);
	assert_int_equal(frame_queue_bytes(&queue), 0);
	assert_int_equal(queue.sequence, 0);
	assert_int_equal(queue.fd_count, 0);
}

static void resumes_where_a_full_socket_stopped_it(void **state)
{
	const int small = 4096;
	uint64_t sent = 0, received = 0;
	unsigned stops = 0, with_file = 0;
	int file = some_file();

	(void)state;
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	while (sent < 9000) {
		assert_int_equal(sent % 150 == 149 ? add_claim(sent + 1, file) : add_unclaim(sent + 1), 0);
		sent++;
	}
	assert_true(frame_queue_bytes(&queue) > FRAME_BYTES_MAX);
	while (received < sent) {
		const char *why = "";
		int got = -1, r = frame_queue_write(&queue, pair[0]);
		struct frame frame;

		assert_true(r == 0 || r == -EAGAIN);
		stops += r == -EAGAIN;
		while ((r = frame_reader_next(&reader, pair[1], &frame, &got, &why)) == 1) {
			uint64_t connection;

			memcpy(&connection, frame.payload, sizeof(connection));
			assert_int_equal(connection, ++received);
			assert_int_equal(got >= 0, frame.header.type == FRAME_CLAIM);
			with_file += got >= 0 && same_file(got, file);
			close_fd(&got);
		}
		assert_int_equal(r, 0);
	}
	assert_true(stops > 10);
	assert_int_equal(with_file, 9000 / 150);
	assert_int_equal(frame_queue_bytes(&queue), 0);
	close(file);
}

static void stays_in_its_bound_while_a_slow_peer_takes_a_little(void **state)
{
	static char bytes[400];
	const int small = 4096;
	uint64_t refused = 0;

	(void)state;
	frame_queue_init(&queue, 16384);
	assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	for (unsigned round = 0; round < 5000; round++) {
		refused += add_tick(round) == -ENOBUFS;
		assert_true(frame_queue_bytes(&queue) <= 16384);
		assert_true(queue.size <= 2 * 16384);
		if (round % 50 == 0) {
			assert_true(frame_queue_write(&queue, pair[0]) <= 0);
			assert_true(read(pair[1], bytes, sizeof(bytes)) >= 0 || errno == EAGAIN);
		}
	}
	assert_true(refused > 0);
}

static void a_peer_that_is_gone_is_an_error_and_no_signal(void **state)
{
	(void)state;
	close_fd(&pair[1]);
	assert_int_equal(add_tick(1), 0);
	assert_int_equal(frame_queue_write(&queue, pair[0]), -EPIPE);
}

static void a_reset_queue_starts_anew(void **state)
{
	int file = some_file();
	unsigned before = open_fds();

	(void)state;
	assert_int_equal(add_tick(1), 0);
	assert_int_equal(add_claim(2, file), 0);
	frame_queue_reset(&queue);
	assert_int_equal(open_fds(), before);
	assert_int_equal(frame_queue_bytes(&queue), 0);
	assert_int_equal(queue.bytes_max, QUEUE_BYTES);
	assert_int_equal(add_tick(3), 0);
	assert_int_equal(queue.sequence, 1);
	close(file);
}

int main(void)
{
#define ENDS(test) cmocka_unit_test_setup_teardown(test, connect_ends, disconnect_ends)
	const struct CMUnitTest tests[] = {
		ENDS(numbers_frames_from_one),
		ENDS(many_frames_leave_in_one_write),
		ENDS(descriptors_arrive_with_their_own_frames),
		ENDS(keeps_its_own_copy_of_a_descriptor),
		ENDS(a_full_queue_takes_nothing_at_all),
		ENDS(takes_no_more_descriptors_than_its_bound),
		ENDS(a_descriptor_that_is_none_adds_nothing),
		ENDS(resumes_where_a_full_socket_stopped_it),
		ENDS(stays_in_its_bound_while_a_slow_peer_takes_a_little),
		ENDS(a_peer_that_is_gone_is_an_error_and_no_signal),
		ENDS(a_reset_queue_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
