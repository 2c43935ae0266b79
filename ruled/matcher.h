/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Looks for a regular expression in texts that strangers choose. All states are followed at once,
 * and none are remembered: time grows with the text alone, memory never, which the library's
 * matcher does not promise. Bytes, as in the C locale. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define MATCHER_PLACES 128 /* characters and classes of a pattern, its repetitions unfolded */

#define PLACES_WORDS   (MATCHER_PLACES / 64)

struct places {
	uint64_t bits[PLACES_WORDS];
};

static inline void places_add(struct places *to, const struct places *more)
{
	for (unsigned i = 0; i < PLACES_WORDS; i++)
		to->bits[i] |= more->bits[i];
}

struct matcher {
	struct places takes[UINT8_MAX + 1];	 /* by byte: the places that take it */
	struct places begin, end;		 /* ^ and $ */
	struct places follow[MATCHER_PLACES];	 /* by place: those that may come next */
	struct places first, last;
	bool empty; /* fits the empty text */
	unsigned count;
};

/* 0, or -EINVAL with the reason in *why. */
must_check int matcher_compile(
	struct matcher *matcher, const char *pattern, const char **why);

/* True if the pattern fits anywhere in @text. */
bool matcher_finds(const struct matcher *matcher, struct text text);
