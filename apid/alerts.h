/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The newest alerts, in memory: each once, however often ruled sends it again. Keeps and finds
 * them; never changes what an alert says but for its note.
 */
#pragma once

#include "apid/incident_id.h"
#include "apid/query.h"
#include "apid/shape.h"
#include "common/base.h"

#define ALERTS_MAX	 10000
#define ALERTS_BYTES_MAX (16U << 20) /* of their JSON */

struct stored_alert {
	uint64_t epoch, counter;
	uint64_t wall_ns;
	int64_t wall_offset_ns; /* wall clock minus boot time */
	unsigned severity, scope;
	bool breaker;		     /* told by a circuit breaker */
	struct incident_id incident; /* counter 0: none */
	struct process culprit;	     /* tgid 0: nobody stands out */
	char rule[QUERY_RULE_MAX + 1];
	char *json;
	size_t json_len;
};

struct alerts {
	struct stored_alert **ring; /* ALERTS_MAX places, from the first alert on */
	unsigned first, count;	    /* oldest first */
	size_t json_bytes;
	uint64_t epoch, counter_max; /* of the epoch alerts arrive from: what is above is new */
	uint64_t forgotten;	     /* given up for newer ones */
	uint64_t duplicates;
};

void alerts_done(struct alerts *alerts);

/*
 * @frame: ALERT. 1: stored, *stored is it, borrowed until the next call; 0: it was there already;
 * -ENOMEM: not stored.
 */
must_check int alerts_add(struct alerts *alerts, const struct frame *frame, shape_user user,
	const struct stored_alert **stored);

/* @frame: ALERT_NOTE. 0, -ENOENT if the alert is not there (any more), -ENOMEM. */
must_check int alerts_note(struct alerts *alerts, const struct frame *frame);

/* The @age-th newest alert (0: the newest), or NULL. */
const struct stored_alert *alerts_newest(const struct alerts *alerts, unsigned age);

/* True if @alert is what @query asks for, its limit aside. */
bool alert_matches(const struct stored_alert *alert, const struct query *query);
