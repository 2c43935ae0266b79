/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One incident for one cause: which alerts belong together, from the first of them until what they
 * told has cleared, and again if it comes back soon. Bounded. Pure: time comes with the calls.
 */
#pragma once

#include "common/map.h"
#include "ruled/firing.h"
#include "ruled/lineage.h"
#include "ruled/rule.h"

#define INCIDENTS_MAX	      256
#define INCIDENTS_ADOPTED_MAX 128 /* what apid says leaves room for what we see */
#define INCIDENT_RULES_BYTES  1024
#define INCIDENT_QUIET_NS     (300 * NSEC_PER_SEC) /* a cause that comes back within it is the same */
#define INCIDENT_FLAPS	      3 /* reopened so often within that time: flapping */

/* Who or what is behind an alert. */
struct cause {
	uint64_t rule; /* hash of its name; 0: the culprit, whatever the rule */
	struct map_key key; /* of the culprit, or of the rule's firing */
	bool any_program;   /* key.a is not known */
};

struct kept_incident {
	uint32_t serial; /* 0: free */
	bool firing;	 /* seen in this sweep */
	bool adopted;	 /* apid told it; no alert of ours has joined */
	struct cause cause;
	uint64_t cleared_ns; /* 0: open */
	uint64_t reopened_ns[INCIDENT_FLAPS]; /* the newest at frame.reopened % INCIDENT_FLAPS */
	struct incident frame;
	char rules[INCIDENT_RULES_BYTES + 1];
};

struct incidents {
	struct kept_incident at[INCIDENTS_MAX];
	uint32_t serial;
	unsigned open, adopted;
	uint64_t refused; /* no room */
};

/* An alert that looks for its incident. */
struct joining {
	struct cause cause;
	struct process_entry *culprit; /* NULL where the cause is no process */
	const char *rule;
	const struct alert *alert; /* numbered */
};

enum joined { JOINED_NONE, JOINED_OPEN, JOINED_REOPENED, JOINED_NEW };

/* The cause of what @rule found. @firing: its key. */
struct cause incident_cause(
	const struct rule_def *rule, const struct process_entry *culprit, struct map_key firing);

/* True if a rule's alerts belong together whomever they name. */
bool incident_by_rule(const struct rule_def *rule, bool has_culprit);

/*
 * Finds or opens the incident of an alert and takes the alert into its state. JOINED_NONE: too many
 * are open; counted.
 */
enum joined incidents_join(struct incidents *incidents, const struct suite_users *suite,
	const struct joining *joining, struct kept_incident **incident);

/*
 * Opens what an earlier ruled had opened, with the state in @frame. NULL: no room (not counted).
 */
struct kept_incident *incidents_adopt(
	struct incidents *incidents, const struct incident *frame, struct cause cause);

/* Adds @rule to the list of those that told of it, if there is room. */
void incident_add_rule(struct kept_incident *incident, const char *rule);

/* By id; NULL if it is not known (any more). */
struct kept_incident *incidents_find(struct incidents *incidents, uint64_t epoch, uint64_t counter);

/* How firings remember theirs. NULL if it is not known any more. */
struct incident_ref incident_ref(
	const struct incidents *incidents, const struct kept_incident *incident);
struct kept_incident *incidents_get(struct incidents *incidents, struct incident_ref ref);

/*
 * Once a second: incidents_sweep() begins, incidents_mark() for each firing, and
 * incidents_cleared() gives those that have none left, one after the other (NULL: no more), and
 * forgets those that have been clear for long.
 */
void incidents_sweep(struct incidents *incidents);
void incidents_mark(struct incidents *incidents, struct incident_ref ref);
struct kept_incident *incidents_cleared(
	struct incidents *incidents, uint64_t now_ns, uint64_t wall_ns);
