/* SPDX-License-Identifier: AGPL-3.0-only */
/* Header and body of one frame as a peer on any link may send them; what passes is written again and is the same. */
#include "proto/frame.h"

#include <string.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct frame *frame, const void *body)
{
	_cleanup_free_ char *again = malloc(frame->header.length);
	struct text texts[16];
	char copy[64];

	CHECK(again && frame->spec->texts <= ARRAY_LEN(texts));
	for (unsigned i = 0; i < frame->spec->texts; i++) {
		texts[i] = frame_text(frame, i);
		CHECK(strlen(text_copy(texts[i], copy, sizeof(copy))) == MIN(texts[i].len, sizeof(copy) - 1));
	}
	CHECK(frame_write(again, frame->header.length, frame->header.type, frame->header.sequence, frame->payload,
		      texts) == (long)frame->header.length);
	CHECK(memcmp(again, &frame->header, sizeof(frame->header)) == 0);
	CHECK(memcmp(again + sizeof(frame->header), body, frame->header.length - sizeof(frame->header)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ void *body = NULL;
	struct frame_header header;
	struct frame frame = {0};
	const char *why = NULL;
	enum way way;

	if (size < 1 + sizeof(header))
		return 0;
	way = (enum way)(1 << (data[0] % 8));
	memcpy(&header, data + 1, sizeof(header));
	size -= 1 + sizeof(header);
	if (frame_check_header(&header, way, &why) < 0) {
		CHECK(why);
		return 0;
	}
	if (header.length - sizeof(header) > size)
		return 0;
	body = malloc(header.length - sizeof(header)); /* exactly the frame, so that a byte too far is seen */
	CHECK(body);
	memcpy(body, data + 1 + sizeof(header), header.length - sizeof(header));
	if (frame_parse(&header, body, &frame, &why) < 0)
		CHECK(why && !frame.spec);
	else
		write_again(&frame, body);
	return 0;
}
