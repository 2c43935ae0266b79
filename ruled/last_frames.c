/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/last_frames.h"

#include <string.h>

struct last_frame {
	struct frame frame; /* borrows bytes */
	uint64_t bytes[];
};

void last_frames_done(struct last_frames *last)
{
	for (unsigned i = 0; i < last->count; i++)
		free(TAKE_PTR(last->frames[i]));
	last->count = 0;
}

static bool same_name(const struct frame *a, const struct frame *b)
{
	struct text left, right;

	if (a->header.type != b->header.type)
		return false;
	if (a->header.type == FRAME_SELF)
		return ((const struct self *)a->payload)->role ==
		       ((const struct self *)b->payload)->role;
	if (a->header.type != FRAME_PROBE && a->header.type != FRAME_PROGRAM)
		return true;
	left = frame_text(a, 0);
	right = frame_text(b, 0);
	return left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

/* The place of the frame that @frame replaces, or a free one; NULL if there is none. */
static struct last_frame **place_of(struct last_frames *last, const struct frame *frame)
{
	for (unsigned i = 0; i < last->count; i++)
		if (same_name(&last->frames[i]->frame, frame))
			return &last->frames[i];
	return last->count < LAST_FRAMES_MAX ? &last->frames[last->count++] : NULL;
}

void last_frames_keep(struct last_frames *last, const struct frame *frame)
{
	size_t size = frame->header.length - sizeof(frame->header);
	struct last_frame **place, *kept;

	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return;
	place = place_of(last, frame);
	if (!place) {
		free(kept);
		return;
	}
	free(*place);
	kept->frame = *frame;
	memcpy(kept->bytes, frame->payload, frame->spec->payload_bytes);
	memcpy((char *)kept->bytes + frame->spec->payload_bytes, frame->tail,
		size - frame->spec->payload_bytes);
	kept->frame.payload = kept->bytes;
	kept->frame.tail = (const char *)kept->bytes + frame->spec->payload_bytes;
	*place = kept;
}

const struct frame *last_frames_next(
	const struct last_frames *last, unsigned type, unsigned *cursor)
{
	while (*cursor < last->count) {
		const struct frame *frame = &last->frames[(*cursor)++]->frame;

		if (frame->header.type == type)
			return frame;
	}
	return NULL;
}
