/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The detecting core: frames of the events link in, alerts out. A function of the frames and of the
 * rules alone: no clock, no I/O, no logging, so that a replay gives what was told live.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"
#include "ruled/lineage.h"
#include "ruled/mutes.h"
#include "ruled/ruleset.h"

struct engine;

/* One alert. Borrowed: valid during the callback. */
struct engine_alert {
	const struct rule_def *rule;
	struct alert frame;
	struct text texts[ALERT_TEXTS];
	bool actionable; /* the culprit is known and alive */
};

struct engine_sink {
	void (*on_alert)(void *ctx, const struct engine_alert *alert);
	/* What alert @counter told is over, or its rule is gone. */
	void (*on_cleared)(void *ctx, uint64_t counter, const char *why);
	/*
	 * A change of an incident or, after its first one, a piece of its evidence: INCIDENT and
	 * INCIDENT_*. Comes after the alert behind it.
	 */
	void (*on_incident)(
		void *ctx, unsigned type, const void *payload, const struct text *texts);
	void *ctx;
};

struct engine_options {
	struct suite_users suite;
	uint64_t retention_ns; /* of exited processes */
	uint64_t epoch;	       /* of alert ids; 0: the first TICK's time */
};

/* Without rules. -ENOMEM. */
must_check int engine_new(const struct engine_options *options, const struct engine_sink *sink,
	struct engine **engine);
void engine_free(struct engine *engine);
void engine_freep(struct engine **engine);

/*
 * Takes over @ruleset instead of the one before. What a rule has counted and told is kept if a rule
 * of the same definition was there before. -ENOMEM: nothing has changed and @ruleset stays the
 * caller's.
 */
must_check int engine_set_rules(struct engine *engine, struct ruleset *ruleset);

/* Takes in one checked frame; those that are none of its business change nothing. */
void engine_frame(struct engine *engine, const struct frame *frame);

/*
 * An incident that apid holds as open, with one @rule whose alert joined it: one that an earlier
 * ruled opened goes on. Asks nothing of the order: ids of two ruleds never clash.
 */
void engine_resume(struct engine *engine, const struct resume *frame, struct text rule);

/* The events link is down: what happens meanwhile is not seen. */
void engine_unsync(struct engine *engine);

/*
 * Keeps alerts back, or does so no more, as a MUTE says. Those due meanwhile are counted, proposed
 * nothing for, and told at most one cooldown after the end if their condition lasts. As mutes_set().
 */
must_check int engine_mute(struct engine *engine, const struct frame *frame);
const struct mutes *engine_mutes(const struct engine *engine);

/* Fills in all but the feed's own figures. */
void engine_detection(const struct engine *engine, struct detection *detection);

/* The rules as they stand, by place in the file. */
unsigned engine_rules(const struct engine *engine);
const struct rule_def *engine_rule(
	const struct engine *engine, unsigned index, struct rule *payload);
