/* SPDX-License-Identifier: AGPL-3.0-only */
/* Frames for tests, made as a peer would make them and checked as the link checks them. */
#pragma once

#include <string.h>

#include "proto/frame.h"

struct made_frame {
	struct frame frame;
	uint64_t bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	uint64_t body[FRAME_BYTES_MAX / sizeof(uint64_t)];
};

static inline const struct frame *make_frame(
	struct made_frame *made, unsigned type, const void *payload, const struct text *texts)
{
	const char *why = "";
	long len = frame_write(made->bytes, sizeof(made->bytes), type, 1, payload, texts);

	assert_true(len > 0);
	memcpy(&made->frame.header, made->bytes, sizeof(made->frame.header));
	memcpy(made->body, (char *)made->bytes + sizeof(struct frame_header),
		(size_t)len - sizeof(struct frame_header));
	if (frame_parse(&made->frame.header, made->body, &made->frame, &why) < 0)
		fail_msg("%s", why);
	return &made->frame;
}
