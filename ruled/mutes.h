/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Whose alerts are kept back until when, as approvers have decided: those of a rule, or of culprits
 * of a name. Bounded; each ends by itself. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"
#include "ruled/rule.h"

#define MUTES_MAX 64 /* as enforcerd bounds them */

struct muted {
	uint64_t until_wall_ns; /* 0: a free place */
	enum mute_kind kind;
	char what[RULE_NAME_BYTES_MAX + 1], by[RULE_NAME_BYTES_MAX + 1];
};

/* All zero at first. */
struct mutes {
	struct muted places[MUTES_MAX];
};

/*
 * @frame: MUTE. What ends before @wall_ns is forgotten, and makes room. -ENOBUFS: MUTES_MAX others
 * stand; -EPROTO: a text too long or none.
 */
must_check int mutes_set(struct mutes *mutes, const struct frame *frame, uint64_t wall_ns);

/* When @what is heard again; 0: it is not muted at @wall_ns. */
uint64_t mutes_until(
	const struct mutes *mutes, enum mute_kind kind, struct text what, uint64_t wall_ns);

/* The one after @muted, from NULL to NULL; it may have ended. */
const struct muted *mutes_next(const struct mutes *mutes, const struct muted *muted);
