/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/mutes.h"

#include <errno.h>
#include <string.h>

#define MUTE_SECS_MAX (7 * 24 * 3600ULL + 3600) /* as enforcerd bounds them */

static bool is_same(const struct muted *muted, enum mute_kind kind, struct text what)
{
	return muted->until_wall_ns != 0 && muted->kind == kind &&
	       strlen(muted->what) == what.len && memcmp(muted->what, what.data, what.len) == 0;
}

/* What ends later than any mute may was told by a clock that has been set back since. */
static bool stands(const struct muted *muted, uint64_t wall_ns)
{
	return muted->until_wall_ns > wall_ns &&
	       muted->until_wall_ns - wall_ns <= MUTE_SECS_MAX * NSEC_PER_SEC;
}

/* The place of this one, or a free one. */
static struct muted *place_of(
	struct mutes *mutes, enum mute_kind kind, struct text what, uint64_t wall_ns)
{
	struct muted *unused = NULL;

	for (size_t i = 0; i < MUTES_MAX; i++) {
		struct muted *place = &mutes->places[i];

		if (is_same(place, kind, what))
			return place;
		if (!unused && place->until_wall_ns <= wall_ns)
			unused = place;
	}
	return unused;
}

int mutes_set(struct mutes *mutes, const struct frame *frame, uint64_t wall_ns)
{
	const struct mute *mute = frame->payload;
	struct text what = frame_text(frame, 0), by = frame_text(frame, 1);
	struct muted *place;

	/* trust: enforcerd's texts, of which the frame table bounds only the sum */
	if (what.len == 0 || what.len >= sizeof(place->what) || by.len >= sizeof(place->by))
		return -EPROTO;
	place = place_of(mutes, mute->kind, what, wall_ns);
	if (mute->until_wall_ns <= wall_ns) {
		if (place && is_same(place, mute->kind, what))
			*place = (struct muted){0};
		return 0;
	}
	if (!place)
		return -ENOBUFS;
	*place = (struct muted){.until_wall_ns = mute->until_wall_ns, .kind = mute->kind};
	text_copy(what, place->what, sizeof(place->what));
	text_copy(by, place->by, sizeof(place->by));
	return 0;
}

uint64_t mutes_until(
	const struct mutes *mutes, enum mute_kind kind, struct text what, uint64_t wall_ns)
{
	for (size_t i = 0; i < MUTES_MAX; i++)
		if (stands(&mutes->places[i], wall_ns) &&
			is_same(&mutes->places[i], kind, what))
			return mutes->places[i].until_wall_ns;
	return 0;
}

const struct muted *mutes_next(const struct mutes *mutes, const struct muted *muted)
{
	const struct muted *end = mutes->places + MUTES_MAX;

	for (muted = muted ? muted + 1 : mutes->places; muted < end; muted++)
		if (muted->until_wall_ns != 0)
			return muted;
	return NULL;
}
