/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The detectors, one table: which events or gauges each looks at, which keys its rules have, how it
 * says it. Pure.
 */
#pragma once

#include "common/process_table.h"
#include "ruled/lives.h"
#include "ruled/rule.h"
#include "ruled/series.h"
#include "ruled/usage.h"
#include "ruled/window.h"

/* Keys that only some detectors have, as bits. */
enum detector_keys {
	KEYS_THRESHOLD = 1 << 0,
	KEYS_DURATION = 1 << 1,
	KEYS_WINDOW = 1 << 2,
	KEYS_MAX_EXEC = 1 << 3,
	KEYS_EXEC_RATE = 1 << 4, /* regex, rate_per_min, median_lifetime */
	KEYS_THRESHOLD_PCT = 1 << 5,
};

#define EXEC_RATE_WINDOW_SECS 60

/* What a detector's rules are driven by. */
enum detector_kind {
	DETECT_EVENTS,	 /* process events, counted in windows */
	DETECT_LEVEL,	 /* a gauge of each process, or of its tree, in each pass */
	DETECT_GROWTH,	 /* a process's memory over several passes */
	DETECT_HOST,	 /* a gauge of the host in each pass */
	DETECT_PRESSURE, /* what the host's processes wait for, in each host sample */
};

enum look {
	LOOK_AWAY,  /* the event is none of this rule's */
	LOOK_ONLY,  /* nothing to count, but the condition may hold now */
	LOOK_COUNT, /* counts */
};

/* What an alert says in its sentence. */
struct finding {
	const struct rule_def *rule;
	const struct process_event *event;
	struct process_entry *culprit; /* NULL: nobody stands out */
	const char *who;	       /* without culprit: "the host", "cgroup /x", … */
	double value;		       /* what is over the threshold */
	double own;		       /* the culprit's share of it */
	uint64_t since_ns;
	uint64_t median_ns; /* KEYS_EXEC_RATE */
	struct series_source series; /* the values that crossed the line */
	const struct breaker_verdict *verdict; /* of a circuit breaker */
};

struct detector {
	const char *name;
	uint32_t keys;
	uint32_t scopes;  /* 1 << enum scope */
	enum scope scope; /* unless the rule says otherwise */
	enum detector_kind kind;
	/* Samples: */
	enum gauge gauge; /* host: what its culprit has most of */
	bool both;	  /* the process and one of its children are busy */
	bool mean;	  /* tells the mean since the condition began, not the newest value */
	enum pressure_resource resource;
	bool breaker; /* of a circuit breaker: exactly the threshold is too much too */
	bool full; /* the time in which nobody got on, not that in which somebody did not */
	const char *verb, *unit; /* for its sentence */
	/* Means this where the rule has window_seconds; NULL: it means the same. */
	const struct detector *windowed;
	/* Events: */
	uint32_t changes; /* 1 << enum process_change */
	bool names_last;  /* the culprit is the process of the last event, which is about to be gone
			   */
	bool by_program;  /* counts each program apart */
	enum look (*look)(const struct rule_def *rule, struct lives *lives,
		const struct process_event *event);
	/* A further condition at @now_ns; may be NULL. */
	bool (*also)(const struct rule_def *rule, struct lives *lives, uint64_t now_ns);
	void (*say)(const struct finding *finding, char *out, size_t size);
};

/* Those that a rules file may name; NULL after the last. */
const struct detector *detector_at(unsigned index);

/* That of the circuit breaker of @resource, which is built in. */
const struct detector *detector_breaker(enum pressure_resource resource);

/* The shape of all windows of @rule. */
struct window_shape detector_shape(const struct rule_def *rule);

/* The sentence of an alert; untrusted text in it is not escaped. */
void detector_say(const struct finding *finding, char *out, size_t size);
