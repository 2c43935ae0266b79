/* SPDX-License-Identifier: AGPL-3.0-only */
/* What apid counts of its own work for /metrics. Bounded: what has no place is counted as "other".
 * Pure. */
#pragma once

#include "apid/query.h"
#include "common/base.h"
#include "proto/frame.h"

#define COUNTS_ROUTES_MAX 48
#define COUNTS_RULES_MAX  256

/* The statuses apid answers with itself. */
#define COUNTS_STATUSES(STATUS)                                                                    \
	STATUS(200, "OK")                                                                          \
	STATUS(204, "No Content")                                                                  \
	STATUS(304, "Not Modified")                                                                \
	STATUS(400, "Bad Request")                                                                 \
	STATUS(403, "Forbidden")                                                                   \
	STATUS(404, "Not Found")                                                                   \
	STATUS(405, "Method Not Allowed")                                                          \
	STATUS(409, "Conflict")                                                                    \
	STATUS(410, "Gone")                                                                        \
	STATUS(412, "Precondition Failed")                                                         \
	STATUS(421, "Misdirected Request")                                                         \
	STATUS(422, "Unprocessable Content")                                                       \
	STATUS(500, "Internal Server Error")                                                       \
	STATUS(501, "Not Implemented")                                                             \
	STATUS(503, "Service Unavailable")

enum status_index {
#define STATUS(code, title) STATUS_INDEX_##code,
	COUNTS_STATUSES(STATUS)
#undef STATUS
		STATUS_INDEXES,
};

struct counts_rule {
	char name[QUERY_RULE_MAX + 1];
	uint64_t alerts[SEVERITY_COUNT];
};

struct counts {
	/* By place in the route table; the last row is what no route matched. */
	uint64_t requests[COUNTS_ROUTES_MAX + 1][STATUS_INDEXES];
	struct counts_rule rules[COUNTS_RULES_MAX]; /* in order of first alert */
	unsigned rule_count;
	uint64_t alerts_other[SEVERITY_COUNT]; /* of rules beyond the bound */
	uint64_t slow_requests; /* connections closed for not sending a request, or not taking an
				   answer, in time */
	uint64_t slow_streams;	/* streams ended because their reader was too slow */
	uint64_t streams_refused, connections_refused;
	uint64_t unproven; /* claims that enforcerd did not answer in time */
};

/* The code and title of a status; an unknown code gives 500's. */
unsigned counts_status_index(unsigned code);
unsigned counts_status_code(unsigned index);
const char *counts_status_title(unsigned code);

void counts_request(struct counts *counts, size_t route, unsigned code);
void counts_alert(struct counts *counts, const char *rule, unsigned severity);
