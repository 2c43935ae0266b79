/* SPDX-License-Identifier: AGPL-3.0-only */
/* The query part of a URI, typed by a table of parameters. Refuses what it does not know; never
 * falls back silently. Pure. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define QUERY_LIMIT_MAX	    1000
#define QUERY_LIMIT_DEFAULT 100
#define QUERY_RULE_MAX	    128

enum param {
	PARAM_LIMIT = 1 << 0,
	PARAM_SINCE = 1 << 1,
	PARAM_SEVERITY = 1 << 2,
	PARAM_RULE = 1 << 3,
	PARAM_STATUS = 1 << 4,
	PARAM_TYPES = 1 << 5,
};

/* What a stream carries. */
enum stream_type { STREAM_ALERT = 1 << 0, STREAM_ACTION = 1 << 1, STREAM_ALL = (1 << 2) - 1 };

struct query {
	unsigned given; /* enum param bits */
	unsigned limit;
	uint64_t since_wall_ns;
	unsigned severity;
	unsigned status; /* enum action_status */
	unsigned types;	 /* enum stream_type bits */
	char rule[QUERY_RULE_MAX + 1];
};

/* Without parameters: the default limit, all types. */
void query_init(struct query *query);

/*
 * trust: @text is what follows '?' in a request. @allowed: enum param bits. 0, or -EINVAL with a
 * sentence in @why that names the parameter, safe to show.
 */
must_check int query_parse(const char *text, size_t len, unsigned allowed, struct query *query,
	char *why, size_t size);
