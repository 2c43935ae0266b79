/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/matcher.h"

#include <string.h>

static bool meet(const struct places *a, const struct places *b)
{
	uint64_t both = 0;

	for (unsigned i = 0; i < PLACES_WORDS; i++)
		both |= a->bits[i] & b->bits[i];
	return both != 0;
}

/* From @now, or from a new beginning, to all those of @allowed that may be next. */
static struct places step(
	const struct matcher *matcher, const struct places *now, const struct places *allowed)
{
	struct places next = matcher->first;

	for (unsigned i = 0; i < PLACES_WORDS; i++)
		for (uint64_t left = now->bits[i]; left != 0; left &= left - 1)
			places_add(&next,
				&matcher->follow[i * 64 + (unsigned)__builtin_ctzll(left)]);
	for (unsigned i = 0; i < PLACES_WORDS; i++)
		next.bits[i] &= allowed->bits[i];
	return next;
}

/* Past anchors, however many stand there: they take nothing of the text. */
static struct places pass_anchors(
	const struct matcher *matcher, const struct places *now, const struct places *anchors)
{
	struct places passed = step(matcher, now, anchors), before, more;

	do {
		before = passed;
		more = step(matcher, &passed, anchors);
		places_add(&passed, &more);
	} while (memcmp(&before, &passed, sizeof(passed)) != 0);
	return passed;
}

bool matcher_finds(const struct matcher *matcher, struct text text)
{
	struct places now = {0};

	now = pass_anchors(matcher, &now, &matcher->begin);
	if (matcher->empty || meet(&now, &matcher->last))
		return true;
	for (size_t i = 0; i < text.len; i++) {
		now = step(matcher, &now, &matcher->takes[(uint8_t)text.data[i]]);
		if (meet(&now, &matcher->last))
			return true;
	}
	now = pass_anchors(matcher, &now, &matcher->end);
	return meet(&now, &matcher->last);
}
