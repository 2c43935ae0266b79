/* SPDX-License-Identifier: AGPL-3.0-only */
/* The query part of a URI, typed by a table of parameters. Refuses what it does not know; never
 * falls back silently. Pure. */
#pragma once

#include "apid/incident_id.h"
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
	PARAM_STATUS_OF_INCIDENT = 1 << 6, /* "status" too, with other words */
	PARAM_CURSOR = 1 << 7,
	PARAM_START = 1 << 8,
	PARAM_END = 1 << 9,
};

/* What a stream carries. */
enum stream_type {
	STREAM_ALERT = 1 << 0,
	STREAM_ACTION = 1 << 1,
	STREAM_INCIDENT = 1 << 2,
	STREAM_ALL = (1 << 3) - 1,
};

/* A place in the list of incidents: behind it the next page begins. */
struct query_cursor {
	uint64_t opened_wall_ns;
	struct incident_id id;
};

#define QUERY_CURSOR_BYTES (INCIDENT_ID_BYTES + 20)

struct query {
	unsigned given; /* enum param bits */
	unsigned limit;
	uint64_t since_wall_ns;
	unsigned severity;
	unsigned status; /* enum action_status */
	bool open;	 /* status of an incident */
	unsigned types;	 /* enum stream_type bits */
	uint64_t start_wall_ns, end_wall_ns;
	struct query_cursor cursor;
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

/* A cursor as a client gives it back. Returns @buffer, QUERY_CURSOR_BYTES long. */
const char *query_cursor_format(const struct query_cursor *cursor, char *buffer);

/* The word for one enum stream_type bit: "alert". */
const char *query_stream_name(unsigned type);
