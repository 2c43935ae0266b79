/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What approvers have muted, and until when: a rule, or culprits of a name. Bounded. Remembers; who
 * may mute is decided elsewhere, and ruled is the one that keeps silent. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define MUTES_MAX	64
#define MUTE_SECS_MAX	(7 * 24 * 3600U)
#define MUTE_TEXT_BYTES 129 /* a rule's name, an approver's label */

struct muting {
	enum mute_kind kind; /* 0: a free place */
	uint64_t until_wall_ns;
	uint64_t line; /* number of its audit line; 0: that is on the disk */
	char what[MUTE_TEXT_BYTES], by[MUTE_TEXT_BYTES];
};

/* All zero at first. */
struct mutes {
	struct muting places[MUTES_MAX];
	uint64_t written, logged; /* audit lines asked for; known to be on the disk, or lost */
};

/* Whether @what can be muted for @secs, 0: muted no more. NULL, or why not. */
const char *mutes_invalid(enum mute_kind kind, struct text what, uint32_t secs);

/* Where this one is remembered: its own place, or a free one. NULL: MUTES_MAX others stand at
 * @wall_ns. */
struct muting *mutes_place(
	struct mutes *mutes, enum mute_kind kind, const char *what, uint64_t wall_ns);

void mutes_forget(struct mutes *mutes, enum mute_kind kind, const char *what);

/* The one after @muting, from NULL to NULL, that is on the disk and stands at @wall_ns. */
const struct muting *mutes_next(
	const struct mutes *mutes, const struct muting *muting, uint64_t wall_ns);

/* Another audit line was asked for: its number. */
uint64_t mutes_line(struct mutes *mutes);

/*
 * The next of those lines is on the disk (@r 0), or lost: what it said is then forgotten. True:
 * *changed is what ruled is to be told, until_wall_ns 0 after a loss.
 */
bool mutes_logged(struct mutes *mutes, int r, struct muting *changed);
