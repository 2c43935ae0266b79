/* SPDX-License-Identifier: AGPL-3.0-only */
/* A recording from anywhere: read to its end or refused with the offset of the damage. */
#include "proto/recording.h"

#include <errno.h>
#include <sys/mman.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct recording recording;
	_cleanup_close_ int fd = memfd_create("recording", MFD_CLOEXEC);
	const char *why = NULL;
	struct frame frame;
	char path[64];
	int r;

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = recording_open(&recording, path, &why);
	if (r < 0) {
		CHECK(r == -EPROTO && why && !recording.file);
		return 0;
	}
	do {
		uint64_t offset = recording.offset;

		why = NULL;
		r = recording_next(&recording, &frame, &why);
		CHECK(r == 1 ? recording.offset == offset + frame.header.length : recording.offset == offset);
		CHECK(recording.offset <= size);
	} while (r == 1);
	CHECK(r == 0 ? recording.offset == size : r == -EPROTO && why);
	recording_close(&recording);
	return 0;
}
