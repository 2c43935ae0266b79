/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Listens for collectord: every frame to the engine, those that describe a state also to the feed. Tells it what the
 * rules need beyond what is always sent.
 */
#pragma once

#include "common/link.h"
#include "ruled/engine.h"
#include "ruled/feed_link.h"

struct events_link {
	struct link *link;
	struct engine *engine; /* borrowed, as is feed */
	struct feed_link *feed;
	struct want told; /* on this connection */
};

must_check int events_link_new(struct events_link *self, struct loop *loop, struct engine *engine,
	struct feed_link *feed, uid_t collectord_uid);
must_check int events_link_open(struct events_link *self);
/* The rules have changed: tells collectord if they need something else now. */
void events_link_want(struct events_link *self);

void events_link_done(struct events_link *self);
