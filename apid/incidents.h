/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The newest incidents, in memory: each once, with the newest state that was told of it, what its
 * first alert said and its evidence. Keeps and finds them; never decides when one opens or clears.
 */
#pragma once

#include "apid/alerts.h"
#include "apid/incident_evidence.h"
#include "apid/incident_id.h"
#include "apid/incident_rules.h"
#include "common/base.h"

#define INCIDENTS_MAX	    1000
#define INCIDENTS_BYTES_MAX (32U << 20)

struct stored_incident {
	struct incident_id id;
	struct incident state; /* the newest */
	struct incident_rules rules;
	struct incident_evidence evidence;

	json_t *first;		/* the first alert as /alerts shows it; NULL: not known */
	size_t first_bytes;	/* about what that takes */
	unsigned scope;		/* of the first alert, as all of these */
	struct process culprit; /* tgid 0: nobody, or not known */
	int64_t wall_offset_ns; /* wall clock minus boot time */
	bool missed;		/* not told from its first version on, with which evidence comes */

	char *json; /* without evidence, as /incidents shows it */
	size_t bytes;
};

struct incidents {
	struct stored_incident **list; /* INCIDENTS_MAX places; by time of opening, oldest first */
	unsigned count;
	size_t bytes;
	uint64_t opened;	 /* since start */
	uint64_t breaker_alerts; /* since start */
	uint64_t forgotten;	 /* given up for newer ones */
	uint64_t rows_refused;	 /* beyond the bound of an incident */
	uint64_t orphans;	 /* evidence of incidents that are not here */
};

void incidents_done(struct incidents *incidents);

/*
 * @frame: INCIDENT. 1: new, or changed, *stored is it (borrowed until the next call); 0: it was
 * known; -ENOMEM. @wall_offset_ns: where the first alert is not known.
 */
must_check int incidents_told(struct incidents *incidents, const struct frame *frame,
	const struct alerts *alerts, int64_t wall_offset_ns, const struct stored_incident **stored);

/* @frame: evidence. 0, also for an incident that is not here; -ENOMEM. */
must_check int incidents_evidence(struct incidents *incidents, const struct frame *frame);

/* A new alert: it may have joined an incident that is here. 0, or -ENOMEM. */
must_check int incidents_alert(struct incidents *incidents, const struct stored_alert *alert);

const struct stored_incident *incidents_find(
	const struct incidents *incidents, struct incident_id id);

static inline bool incident_is_open(const struct stored_incident *incident)
{
	return incident->state.cleared_wall_ns == 0;
}

/* Nothing of its evidence was lost on the way here either. */
bool incident_is_complete(const struct stored_incident *incident);

/* How @incident stands to a place in the list: < 0 older, 0 it is the one, > 0 newer. */
int incident_compare(const struct stored_incident *incident, const struct query_cursor *cursor);

/* True if @incident is what @query asks for, its limit and cursor aside. */
bool incident_matches(const struct stored_incident *incident, const struct query *query);

/* What RESUME says of an open incident and rule @rule of it. */
struct resume incident_resume(const struct stored_incident *incident, unsigned rule);
