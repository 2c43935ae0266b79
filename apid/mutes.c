/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/mutes.h"

#include <string.h>

/* Also one that has ended. */
static const struct muted *find(const struct mutes *mutes, enum mute_kind kind, const char *what)
{
	for (const struct muted *m = mutes->places; m < mutes->places + MUTES_MAX; m++)
		if (m->until_wall_ns != 0 && m->kind == kind && strcmp(m->what, what) == 0)
			return m;
	return NULL;
}

static struct muted *place_of(
	struct mutes *mutes, enum mute_kind kind, const char *what, uint64_t wall_ns)
{
	const struct muted *same = find(mutes, kind, what);

	if (same)
		return &mutes->places[same - mutes->places];
	for (size_t i = 0; i < MUTES_MAX; i++)
		if (mutes->places[i].until_wall_ns <= wall_ns)
			return &mutes->places[i];
	return NULL;
}

void mutes_told(struct mutes *mutes, const struct frame *frame, uint64_t wall_ns)
{
	const struct mute *told = frame->payload;
	struct muted muted = {.until_wall_ns = told->until_wall_ns, .kind = told->kind}, *place;

	text_copy(frame_text(frame, 0), muted.what, sizeof(muted.what));
	text_copy(frame_text(frame, 1), muted.by, sizeof(muted.by));
	place = place_of(mutes, muted.kind, muted.what, wall_ns);
	if (!place)
		mutes->unlisted++;
	else
		*place = muted.until_wall_ns > wall_ns ? muted : (struct muted){0};
}

void mutes_forget(struct mutes *mutes)
{
	*mutes = (struct mutes){.unlisted = mutes->unlisted};
}

const struct muted *mutes_find(
	const struct mutes *mutes, enum mute_kind kind, const char *what, uint64_t wall_ns)
{
	const struct muted *muted = find(mutes, kind, what);

	return muted && muted->until_wall_ns > wall_ns ? muted : NULL;
}

const struct muted *mutes_next(
	const struct mutes *mutes, const struct muted *muted, uint64_t wall_ns)
{
	for (muted = muted ? muted + 1 : mutes->places; muted < mutes->places + MUTES_MAX; muted++)
		if (muted->until_wall_ns > wall_ns)
			return muted;
	return NULL;
}
