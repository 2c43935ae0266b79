/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Which route a method and a path mean. Compares bytes as they came: nothing is decoded, cleaned up
 * or guessed, so that two spellings never mean one route. Pure.
 */
#pragma once

#include "apid/incident_id.h"
#include "common/base.h"
#include "proto/frame.h"

enum method {
	METHOD_GET = 1 << 0,
	METHOD_HEAD = 1 << 1,
	METHOD_POST = 1 << 2,
	METHOD_OPTIONS = 1 << 3,
	METHOD_OTHER = 1 << 4,
};

struct exchange;

struct route {
	const char *path; /* one segment may be {action}: action-N, or {incident}: its id */
	unsigned methods; /* enum method bits; OPTIONS is answered for every route */
	enum verb
		verb; /* not VERB_NONE: the connection is claimed by enforcerd before it is read */
	unsigned params; /* enum param bits of query.h */
	void (*handle)(struct exchange *exchange);
};

struct route_table {
	const struct route *routes; /* each path once */
	size_t count;
};

struct route_match {
	const struct route *route;
	uint64_t action;	     /* N of {action}; 0 where the path has none */
	struct incident_id incident; /* counter 0 where the path has none */
};

/*
 * @path: from the first slash up to, not including, '?'. 0, -ENOENT (no such path), or -EOPNOTSUPP
 * (the path exists, not with this method: @match is filled all the same).
 */
must_check int route_find(const struct route_table *table, unsigned method, const char *path,
	size_t len, struct route_match *match);

/* The methods as an Allow header has them: "GET, HEAD, OPTIONS". Returns @buffer. */
const char *route_allow(const struct route *route, char *buffer, size_t size);

/* The method of a request line: exactly "GET", "HEAD", "POST", "OPTIONS", else METHOD_OTHER. */
unsigned route_method(const char *name, size_t len);

/* "action-N", N from 1 without leading zeros. 0, or -EINVAL. */
must_check int route_action(const char *text, size_t len, uint64_t *action);
