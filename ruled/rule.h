/* SPDX-License-Identifier: AGPL-3.0-only */
/* A rule as its file defines it, checked and complete. Never changes once loaded. */
#pragma once

#include <sys/types.h>

#include "common/base.h"
#include "proto/frame.h"
#include "ruled/matcher.h"

#define RULE_NAME_BYTES_MAX  128
#define RULE_REGEX_BYTES_MAX 256

struct detector;

/* What a culprit must be like; NULL and !user_set ask nothing. */
struct rule_filter {
	char *comm, *exe, *cgroup, *container; /* globs on the whole text */
	bool user_set;
	uid_t user;
};

struct rule_def {
	char *name;
	const struct detector *detector;
	double threshold; /* exec_rate: rate_per_min */
	double clear_below;
	double median_lifetime_secs;
	double use_pct; /* circuit breakers: of all CPUs, that must be in use too; 0: does not matter */
	uint32_t duration_secs; /* 0 where the detector has no duration */
	uint32_t window_secs; /* 0 where it has no window */
	uint32_t max_exec_duration_ms;
	uint32_t cooldown_secs;
	enum severity severity;
	enum scope scope;
	enum action_type action; /* ACTION_NONE: proposes nothing */
	int signal;
	char *pattern; /* NULL: none */
	struct matcher *matcher; /* of @pattern */
	struct rule_filter match;
	struct rule_filter *exclude;
	unsigned exclude_count;
};

void rule_filter_done(struct rule_filter *filter);
void rule_def_free(struct rule_def *rule);

/* True if both mean the same, so that what one has counted holds for the other. */
bool rule_def_equal(const struct rule_def *a, const struct rule_def *b);

/* The seconds that must be clear before the condition counts as cleared. */
uint32_t rule_span_secs(const struct rule_def *rule);

/* What a filter looks at; data NULL: not known, which no glob fits. */
struct rule_subject {
	struct text comm, exe, cgroup, container;
	bool user_known;
	uid_t user;
};

/* True if match holds and no exclude does. */
bool rule_admits(const struct rule_def *rule, const struct rule_subject *subject);
