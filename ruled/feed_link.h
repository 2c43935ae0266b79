/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The feed to apid: what describes the host, the rules, ruled's own work, and alerts until they
 * have arrived.
 */
#pragma once

#include "common/link.h"
#include "ruled/engine.h"
#include "ruled/feed_queue.h"
#include "ruled/last_frames.h"

#define FEED_ERROR_BYTES 1024

struct feed_link {
	struct link *link;
	struct engine *engine; /* borrowed */
	struct feed_queue queue;
	struct last_frames last;
	struct {
		uint64_t generation;
		bool reload_success;
		char error[FEED_ERROR_BYTES]; /* of the last reload; "" if it went well */
		uint64_t *told; /* by rule: what the last RULE said */
		unsigned count;
	} rules;
	uint64_t delay_last_ns; /* from event to alert */
	unsigned resumes; /* that apid has told on this connection */
	bool resumed; /* apid has told all that it holds as open, on this connection */
};

must_check int feed_link_new(
	struct feed_link *feed, struct loop *loop, struct engine *engine, uid_t apid_uid);
must_check int feed_link_open(struct feed_link *feed);
void feed_link_done(struct feed_link *feed);

/*
 * A frame of collectord's that describes a state: kept for later and passed on now, if apid is
 * there.
 */
void feed_link_pass_on(struct feed_link *feed, const struct frame *frame);

/* A daemon about itself: ours, or collectord's when its link is down (pid 0). */
void feed_link_self(struct feed_link *feed, const struct self *self);

/* Sends an alert, a note on one, an incident or a piece of its evidence, reliably. */
void feed_link_tell(
	struct feed_link *feed, unsigned type, const void *payload, const struct text *texts);

/* The rules were loaded anew, or could not be: @error says why ("" : they were). */
void feed_link_rules(struct feed_link *feed, const char *error);

/* @frame: MUTE. apid hears of it, and of the rule it changes. */
void feed_link_mute(struct feed_link *feed, const struct frame *frame);

/* Once a second: our work, and rules that have changed. */
void feed_link_second(struct feed_link *feed);
