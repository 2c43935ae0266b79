/* SPDX-License-Identifier: AGPL-3.0-only */
/* What is muted, as ruled tells it. Bounded; what has ended is shown no more. Pure. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define MUTES_MAX	 64 /* as enforcerd bounds them */
#define MUTES_TEXT_BYTES 130

struct muted {
	uint64_t until_wall_ns; /* 0: a free place */
	enum mute_kind kind;
	char what[MUTES_TEXT_BYTES], by[MUTES_TEXT_BYTES];
};

/* All zero at first. */
struct mutes {
	struct muted places[MUTES_MAX];
	uint64_t unlisted; /* told beyond the bound */
};

/* @frame: MUTE. */
void mutes_told(struct mutes *mutes, const struct frame *frame, uint64_t wall_ns);

/* The feed is gone: what was told may not be true any more. */
void mutes_forget(struct mutes *mutes);

/* NULL: not muted at @wall_ns. */
const struct muted *mutes_find(
	const struct mutes *mutes, enum mute_kind kind, const char *what, uint64_t wall_ns);

/* The one after @muted, from NULL to NULL, that stands at @wall_ns. */
const struct muted *mutes_next(
	const struct mutes *mutes, const struct muted *muted, uint64_t wall_ns);
