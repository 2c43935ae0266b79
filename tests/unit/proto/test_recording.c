/* SPDX-License-Identifier: AGPL-3.0-only */
#include "proto/recording.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "tests/unit/proto/sample_payload.h"

#define FRAMES_WRITTEN 6
#define HEADER_BYTES 16

static struct recording recording;
static uint64_t payload[SAMPLE_PAYLOAD_BYTES / sizeof(uint64_t)];

/* A recording in memory: bytes, and where each frame starts (and the last one ends). */
static char image[8192];
static size_t image_bytes, starts[FRAMES_WRITTEN + 1];

static int make_image(void **state)
{
	static const uint16_t types[FRAMES_WRITTEN] = {
		FRAME_HELLO, FRAME_TICK, FRAME_CGROUP, FRAME_FORK, FRAME_EXEC, FRAME_EXIT};
	const struct text texts[2] = {text_of("/usr/bin/stress"), text_of("stress --cpu 4")};
	FILE *file = fmemopen(image, sizeof(image), "w");

	(void)state;
	assert_non_null(file);
	assert_int_equal(recording_start(file), 0);
	for (unsigned i = 0; i < FRAMES_WRITTEN; i++) {
		static char frame[FRAME_BYTES_MAX];
		long n;

		sample_payload(types[i], payload);
		n = frame_write(frame, sizeof(frame), types[i], i + 1, payload, texts);
		assert_true(n > 0);
		starts[i] = (size_t)ftell(file);
		assert_int_equal(fwrite(frame, 1, (size_t)n, file), n);
	}
	image_bytes = starts[FRAMES_WRITTEN] = (size_t)ftell(file);
	fclose(file);
	return 0;
}

static int open_bytes(const char *bytes, size_t len, const char **why)
{
	_cleanup_close_ int fd = memfd_create("recording", MFD_CLOEXEC);
	char path[64];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return recording_open(&recording, path, why);
}

/* Reads to the end or the first damage. Returns what ended it, and how many frames came before. */
static int read_all(unsigned *frames, const char **why)
{
	struct frame frame;
	int r;

	*frames = 0;
	while ((r = recording_next(&recording, &frame, why)) == 1)
		(*frames)++;
	return r;
}

static unsigned frames_before(size_t cut)
{
	unsigned n = 0;

	while (n < FRAMES_WRITTEN && starts[n + 1] <= cut)
		n++;
	return n;
}

static void reads_back_what_was_recorded(void **state)
{
	const char *why = NULL;
	struct frame frame;

	(void)state;
	assert_int_equal(open_bytes(image, image_bytes, &why), 0);
	for (unsigned i = 0; i < FRAMES_WRITTEN; i++) {
		assert_int_equal(recording.offset, starts[i]);
		assert_int_equal(recording_next(&recording, &frame, &why), 1);
		assert_int_equal(frame.header.sequence, i + 1);
	}
	assert_int_equal(frame.header.type, FRAME_EXIT);
	assert_int_equal(recording_next(&recording, &frame, &why), 0);
	assert_int_equal(recording_next(&recording, &frame, &why), 0);
	assert_int_equal(recording.offset, image_bytes);
	recording_close(&recording);
	recording_close(&recording);
}

static void an_empty_recording_has_no_frames(void **state)
{
	const char *why = NULL;
	unsigned frames;

	(void)state;
	assert_int_equal(open_bytes(image, HEADER_BYTES, &why), 0);
	assert_int_equal(read_all(&frames, &why), 0);
	assert_int_equal(frames, 0);
	recording_close(&recording);
}

static void refuses_what_is_no_recording(void **state)
{
	char bytes[HEADER_BYTES];
	const char *why = NULL;

	(void)state;
	for (size_t len = 0; len < HEADER_BYTES; len++) {
		assert_int_equal(open_bytes(image, len, &why), -EPROTO);
		assert_string_equal(why, "not a recording");
		assert_null(recording.file);
	}
	for (size_t bit = 0; bit < HEADER_BYTES * 8; bit++) {
		memcpy(bytes, image, sizeof(bytes));
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(open_bytes(bytes, sizeof(bytes), &why), -EPROTO);
		assert_string_equal(why, bit < 64 ? "not a recording" : "recording of another version");
		assert_null(recording.file);
	}
}

static void refuses_files_that_cannot_be_opened_or_read(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_int_equal(recording_open(&recording, "/nonexistent/recording", &why), -ENOENT);
	assert_string_equal(why, "cannot be opened");
	assert_null(recording.file);
	assert_true(recording_open(&recording, "/", &why) < 0);
	assert_null(recording.file);
}

static void a_cut_at_any_byte_is_refused_with_the_offset(void **state)
{
	const char *why = NULL;
	unsigned frames;

	(void)state;
	for (size_t cut = HEADER_BYTES; cut < image_bytes; cut++) {
		unsigned whole = frames_before(cut);
		int r;

		assert_int_equal(open_bytes(image, cut, &why), 0);
		r = read_all(&frames, &why);
		assert_int_equal(frames, whole);
		assert_int_equal(recording.offset, starts[whole]);
		if (cut == starts[whole]) {
			assert_int_equal(r, 0);
		} else {
			assert_int_equal(r, -EPROTO);
			assert_string_equal(why, "recording is cut off");
		}
		recording_close(&recording);
	}
}

/* A flipped bit may make another good value or type; in a length, in flags and in a sequence it never goes unnoticed. */
static void flipped_bits_are_refused_where_they_are_or_make_another_good_frame(void **state)
{
	static char bytes[sizeof(image)];
	const char *why = NULL;
	unsigned frames;

	(void)state;
	for (size_t bit = HEADER_BYTES * 8; bit < image_bytes * 8; bit++) {
		unsigned damaged = frames_before(bit / 8);
		size_t place = bit / 8 - starts[damaged];
		int r;

		memcpy(bytes, image, image_bytes);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
		assert_int_equal(open_bytes(bytes, image_bytes, &why), 0);
		r = read_all(&frames, &why);
		assert_true(r == 0 || r == -EPROTO);
		assert_true(frames >= damaged);
		assert_int_equal(recording.offset, starts[frames]);
		if (place < sizeof(struct frame_header) && place / 2 != offsetof(struct frame_header, type) / 2)
			assert_int_equal(r, -EPROTO);
		recording_close(&recording);
	}
}

static void refuses_frames_that_are_missing_doubled_or_swapped(void **state)
{
	static char bytes[sizeof(image)];
	size_t first = starts[1] - starts[0];
	const char *why = NULL;
	unsigned frames;

	(void)state;
	memcpy(bytes, image, starts[1]);
	memcpy(bytes + starts[1], image + starts[2], image_bytes - starts[2]);
	assert_int_equal(open_bytes(bytes, image_bytes - (starts[2] - starts[1]), &why), 0);
	assert_int_equal(read_all(&frames, &why), -EPROTO);
	assert_string_equal(why, "frames out of sequence");
	assert_int_equal(recording.offset, starts[1]);
	recording_close(&recording);

	memcpy(bytes, image, starts[1]);
	memcpy(bytes + starts[1], image + starts[0], first);
	assert_int_equal(open_bytes(bytes, starts[1] + first, &why), 0);
	assert_int_equal(read_all(&frames, &why), -EPROTO);
	assert_string_equal(why, "frames out of sequence");
	recording_close(&recording);
}

static void a_recording_may_begin_in_the_middle_of_a_connection(void **state)
{
	static char bytes[sizeof(image)];
	const char *why = NULL;
	unsigned frames;

	(void)state;
	memcpy(bytes, image, HEADER_BYTES);
	memcpy(bytes + HEADER_BYTES, image + starts[2], image_bytes - starts[2]);
	assert_int_equal(open_bytes(bytes, HEADER_BYTES + image_bytes - starts[2], &why), 0);
	assert_int_equal(read_all(&frames, &why), 0);
	assert_int_equal(frames, FRAMES_WRITTEN - 2);
	recording_close(&recording);
}

static void refuses_frames_of_other_links(void **state)
{
	static char bytes[sizeof(image)];
	const char *why = NULL;
	unsigned frames;
	long n;

	(void)state;
	memcpy(bytes, image, HEADER_BYTES);
	sample_payload(FRAME_PROPOSE, payload);
	n = frame_write(bytes + HEADER_BYTES, sizeof(bytes) - HEADER_BYTES, FRAME_PROPOSE, 1, payload, NULL);
	assert_true(n > 0);
	assert_int_equal(open_bytes(bytes, HEADER_BYTES + (size_t)n, &why), 0);
	assert_int_equal(read_all(&frames, &why), -EPROTO);
	assert_string_equal(why, "frame is not allowed on this link");
	assert_int_equal(recording.offset, HEADER_BYTES);
	recording_close(&recording);
}

static void says_when_the_header_cannot_be_written(void **state)
{
	FILE *file = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(file);
	setvbuf(file, NULL, _IONBF, 0);
	assert_int_equal(recording_start(file), -EIO);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_was_recorded),
		cmocka_unit_test(an_empty_recording_has_no_frames),
		cmocka_unit_test(refuses_what_is_no_recording),
		cmocka_unit_test(refuses_files_that_cannot_be_opened_or_read),
		cmocka_unit_test(a_cut_at_any_byte_is_refused_with_the_offset),
		cmocka_unit_test(flipped_bits_are_refused_where_they_are_or_make_another_good_frame),
		cmocka_unit_test(refuses_frames_that_are_missing_doubled_or_swapped),
		cmocka_unit_test(a_recording_may_begin_in_the_middle_of_a_connection),
		cmocka_unit_test(refuses_frames_of_other_links),
		cmocka_unit_test(says_when_the_header_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, make_image, NULL);
}
