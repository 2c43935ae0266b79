/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/mutes.h"

#include <string.h>

#include "common/text.h"

#define CLOCK_SLACK_SECS 3600 /* by which a clock may be corrected */

const char *mutes_invalid(enum mute_kind kind, struct text what, uint32_t secs)
{
	if (kind != MUTE_RULE && kind != MUTE_CULPRIT)
		return "a rule or a culprit must be named";
	if (what.len == 0 || !text_is_plain(what.data, what.len))
		return "what is muted must be UTF-8 without control characters";
	if (what.len >= (kind == MUTE_CULPRIT ? COMM_BYTES : MUTE_TEXT_BYTES))
		return kind == MUTE_CULPRIT ? "culprit must be 1 to 15 bytes"
					    : "rule must be 1 to 128 bytes";
	return secs > MUTE_SECS_MAX ? "seconds must be 0 to 604800" : NULL;
}

/* What ends later than any mute may was told by a clock that has been set back since. */
static bool stands(const struct muting *muting, uint64_t wall_ns)
{
	return muting->kind != 0 && muting->until_wall_ns > wall_ns &&
	       muting->until_wall_ns - wall_ns <= (MUTE_SECS_MAX + CLOCK_SLACK_SECS) * NSEC_PER_SEC;
}

static bool is_same(const struct muting *muting, enum mute_kind kind, const char *what)
{
	return muting->kind == kind && strcmp(muting->what, what) == 0;
}

static struct muting *find(struct mutes *mutes, enum mute_kind kind, const char *what)
{
	for (size_t i = 0; i < MUTES_MAX; i++)
		if (is_same(&mutes->places[i], kind, what))
			return &mutes->places[i];
	return NULL;
}

struct muting *mutes_place(
	struct mutes *mutes, enum mute_kind kind, const char *what, uint64_t wall_ns)
{
	struct muting *place = find(mutes, kind, what);

	for (size_t i = 0; i < MUTES_MAX && !place; i++)
		if (!stands(&mutes->places[i], wall_ns))
			place = &mutes->places[i];
	return place;
}

void mutes_forget(struct mutes *mutes, enum mute_kind kind, const char *what)
{
	struct muting *place = find(mutes, kind, what);

	if (place)
		*place = (struct muting){0};
}

const struct muting *mutes_next(
	const struct mutes *mutes, const struct muting *muting, uint64_t wall_ns)
{
	const struct muting *end = mutes->places + MUTES_MAX;

	for (muting = muting ? muting + 1 : mutes->places; muting < end; muting++)
		if (stands(muting, wall_ns) && muting->line == 0)
			return muting;
	return NULL;
}

uint64_t mutes_line(struct mutes *mutes)
{
	return ++mutes->written;
}

bool mutes_logged(struct mutes *mutes, int r, struct muting *changed)
{
	uint64_t line = ++mutes->logged;

	for (size_t i = 0; i < MUTES_MAX; i++) {
		struct muting *place = &mutes->places[i];

		if (place->kind == 0 || place->line != line)
			continue;
		place->line = 0;
		*changed = *place;
		if (r < 0) {
			*place = (struct muting){0};
			changed->until_wall_ns = 0;
		}
		return true;
	}
	return false;
}
