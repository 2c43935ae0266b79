/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Proposals to enforcerd, and on the feed what became of them; from it, what is muted. Proposes;
 * can approve and mute nothing.
 */
#pragma once

#include "common/link.h"
#include "ruled/engine.h"
#include "ruled/feed_link.h"
#include "ruled/proposals.h"

struct proposals_link {
	struct link *link;
	struct feed_link *feed; /* borrowed */
	struct engine *engine;	/* borrowed */
	uint64_t epoch; /* of alert ids */
	struct proposals proposals;
};

must_check int proposals_link_new(struct proposals_link *self, struct loop *loop,
	struct feed_link *feed, struct engine *engine, uint64_t epoch, uid_t enforcerd_uid);
must_check int proposals_link_open(struct proposals_link *self);
void proposals_link_done(struct proposals_link *self);

/*
 * Proposes what the rule of @alert says, if anything; the note on the alert says what came of it.
 */
void proposals_link_alert(struct proposals_link *self, const struct engine_alert *alert);

/* The condition told by alert @counter no longer holds. */
void proposals_link_cleared(struct proposals_link *self, uint64_t counter, const char *why);
