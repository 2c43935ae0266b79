/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What apid knows of the suite itself: each daemon's own words, the collector's counters and
 * probes, what enforcerd can do. From it follow who is up and whether the whole is ready. Takes
 * frames and the time; reads no clock.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define SUITE_NAMED_MAX	  32
#define SUITE_NAME_BYTES  64
#define SUITE_TEXT_BYTES  272
#define SUITE_SEEN_MAX_NS (2 * NSEC_PER_SEC)
#define SUITE_REASONS_MAX 12

struct suite_daemon {
	struct self self;
	uint64_t seen_ns; /* boot time of the last SELF; 0: none, or gone */
	double cpu_pct;	  /* of one core, between the last two */
};

struct suite_probe {
	char name[SUITE_NAME_BYTES];
	bool attached;
	char why[SUITE_TEXT_BYTES]; /* "" if attached */
};

struct suite_program {
	char name[SUITE_NAME_BYTES];
	uint64_t runs, nanoseconds;
};

struct suite {
	struct suite_daemon daemons[ROLE_COUNT];
	bool feed_up, decisions_up;

	char kernel[SUITE_TEXT_BYTES];
	struct suite_probe probes[SUITE_NAMED_MAX];
	unsigned probe_count;
	struct suite_program programs[SUITE_NAMED_MAX];
	unsigned program_count;
	uint64_t unlisted; /* probes and programs beyond the bounds */

	struct counters counters;
	uint64_t counters_ns; /* boot time of the last COUNTERS; 0: none on this connection */
	double events_per_sec;
	bool event_seen; /* a kernel event has been delivered since the collector was last lost */
	struct detection detection;

	struct enforcer enforcer;
	bool enforcer_known;
	char holder[SUITE_TEXT_BYTES], enforcer_why[SUITE_TEXT_BYTES];
};

/* A link came up or went; what its peer said is not true any more. */
void suite_feed(struct suite *suite, bool up);
void suite_decisions(struct suite *suite, bool up);

/* One SELF, from a link or of apid. */
void suite_self(struct suite *suite, const struct self *self, uint64_t now_ns);

void suite_host(struct suite *suite, const struct frame *frame);
void suite_probe(struct suite *suite, const struct frame *frame);
void suite_program(struct suite *suite, const struct frame *frame);
void suite_counters(struct suite *suite, const struct counters *counters, uint64_t now_ns);
void suite_enforcer(struct suite *suite, const struct frame *frame);

bool suite_up(const struct suite *suite, enum role role, uint64_t now_ns);

uint64_t suite_generated(const struct counters *counters);

/*
 * Why the suite is not ready: fills @reasons (texts borrowed from @suite or static) and returns how
 * many; 0: ready.
 * @rules_known: ruled has told its rules.
 */
unsigned suite_reasons(const struct suite *suite, bool rules_known, uint64_t now_ns,
	const char *reasons[SUITE_REASONS_MAX]);
