/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/incidents.h"

#include <string.h>

#include "ruled/culprit.h"
#include "ruled/detector.h"

#define STEPS_MAX 256 /* up a tree */

bool incident_by_rule(const struct rule_def *rule, bool has_culprit)
{
	return !has_culprit || rule->detector->names_last;
}

struct cause incident_cause(
	const struct rule_def *rule, const struct process_entry *culprit, struct map_key firing)
{
	if (incident_by_rule(rule, culprit != NULL))
		return (struct cause){hash_bytes(rule->name, strlen(rule->name)), firing, false};
	return (struct cause){0, culprit_key(0, culprit), false};
}

static bool is_cause(const struct kept_incident *incident, const struct cause *cause)
{
	const struct cause *own = &incident->cause;

	return incident->serial != 0 && own->rule == cause->rule && own->key.b == cause->key.b &&
	       (own->any_program || own->key.a == cause->key.a);
}

/* Of this very cause; those that are open first. */
static struct kept_incident *find_cause(struct incidents *incidents, const struct cause *cause)
{
	struct kept_incident *cleared = NULL;

	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		struct kept_incident *at = &incidents->at[i];

		if (!is_cause(at, cause))
			continue;
		if (at->cleared_ns == 0)
			return at;
		if (!cleared || at->cleared_ns > cleared->cleared_ns)
			cleared = at;
	}
	return cleared;
}

/* The open one of the nearest process above the culprit. */
static struct kept_incident *find_above(
	struct incidents *incidents, const struct suite_users *suite, struct process_entry *entry)
{
	for (unsigned steps = 0; entry && entry->parent && steps < STEPS_MAX; steps++) {
		struct kept_incident *found;
		struct cause cause = {0};

		if (lineage_excludes(entry, suite))
			return NULL;
		entry = entry->parent;
		cause.key = culprit_key(0, entry);
		found = find_cause(incidents, &cause);
		if (found && found->cleared_ns == 0)
			return found;
	}
	return NULL;
}

/* A free place, or that of the one that cleared longest ago. */
static struct kept_incident *take_place(struct incidents *incidents)
{
	struct kept_incident *oldest = NULL;

	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		struct kept_incident *at = &incidents->at[i];

		if (at->serial == 0)
			return at;
		if (at->cleared_ns != 0 && (!oldest || at->cleared_ns < oldest->cleared_ns))
			oldest = at;
	}
	return oldest;
}

static struct kept_incident *open_new(
	struct incidents *incidents, const struct incident *frame, struct cause cause)
{
	struct kept_incident *incident = take_place(incidents);

	if (!incident)
		return NULL;
	if (++incidents->serial == 0)
		incidents->serial = 1;
	*incident = (struct kept_incident){
		.serial = incidents->serial, .cause = cause, .frame = *frame};
	incidents->open++;
	return incident;
}

static void reopen(
	struct incidents *incidents, struct kept_incident *incident, uint64_t now_ns)
{
	uint64_t before_ns;

	if (incident->frame.reopened < UINT32_MAX)
		incident->frame.reopened++;
	incident->reopened_ns[incident->frame.reopened % INCIDENT_FLAPS] = now_ns;
	/* The one that many reopenings ago stands next; 0: there were not so many. */
	before_ns = incident->reopened_ns[(incident->frame.reopened + 1) % INCIDENT_FLAPS];
	incident->frame.flapping = before_ns > 0 && now_ns < before_ns + INCIDENT_QUIET_NS;
	incident->frame.cleared_wall_ns = 0;
	incident->cleared_ns = 0;
	incidents->open++;
}

static bool has_rule(const struct kept_incident *incident, const char *rule, size_t len)
{
	const char *at = incident->rules;

	for (; (at = strstr(at, rule)); at++) {
		bool begins = at == incident->rules || (at[-1] == ' ' && at[-2] == ',');

		if (begins && (at[len] == '\0' || (at[len] == ',' && at[len + 1] == ' ')))
			return true;
	}
	return false;
}

void incident_add_rule(struct kept_incident *incident, const char *rule)
{
	size_t len = strlen(rule), used = strlen(incident->rules);

	if (used + 2 + len > INCIDENT_RULES_BYTES || has_rule(incident, rule, len))
		return;
	if (used > 0) {
		memcpy(incident->rules + used, ", ", 2);
		used += 2;
	}
	memcpy(incident->rules + used, rule, len + 1);
}

static void take_alert(struct incidents *incidents, struct kept_incident *incident,
	const struct joining *joining)
{
	const struct alert *alert = joining->alert;
	struct incident *frame = &incident->frame;

	frame->version++;
	frame->updated_wall_ns = alert->wall_ns;
	frame->last_alert = alert->counter;
	frame->severity = MAX(frame->severity, alert->severity);
	if (frame->alerts < UINT32_MAX)
		frame->alerts++;
	if (joining->cause.rule == incident->cause.rule && incident->cause.any_program)
		incident->cause = joining->cause;
	if (incident->adopted)
		incidents->adopted--;
	incident->adopted = false;
	incident_add_rule(incident, joining->rule);
}

/* Open, or clear for so short a time that this is the same again. NULL: neither. */
static struct kept_incident *find(
	struct incidents *incidents, const struct suite_users *suite, const struct joining *joining)
{
	struct kept_incident *same = find_cause(incidents, &joining->cause), *above;

	if (same && same->cleared_ns == 0)
		return same;
	above = find_above(incidents, suite, joining->culprit);
	if (above)
		return above;
	return same && joining->alert->time_ns < same->cleared_ns + INCIDENT_QUIET_NS ? same : NULL;
}

static struct kept_incident *open_first(struct incidents *incidents, const struct joining *joining)
{
	const struct alert *alert = joining->alert;
	const struct incident frame = {.epoch = alert->epoch,
		.counter = alert->counter,
		.opened_wall_ns = alert->wall_ns,
		.evidence_complete = alert->evidence_complete};

	return open_new(incidents, &frame, joining->cause);
}

enum joined incidents_join(struct incidents *incidents, const struct suite_users *suite,
	const struct joining *joining, struct kept_incident **incident)
{
	struct kept_incident *found = find(incidents, suite, joining);
	enum joined joined = found ? JOINED_OPEN : JOINED_NEW;

	if (!found)
		found = open_first(incidents, joining);
	if (!found) {
		incidents->refused++;
		return JOINED_NONE;
	}
	if (found->cleared_ns != 0) {
		reopen(incidents, found, joining->alert->time_ns);
		joined = JOINED_REOPENED;
	}
	take_alert(incidents, found, joining);
	*incident = found;
	return joined;
}

struct kept_incident *incidents_adopt(
	struct incidents *incidents, const struct incident *frame, struct cause cause)
{
	struct kept_incident *incident = NULL;

	if (incidents->adopted < INCIDENTS_ADOPTED_MAX)
		incident = open_new(incidents, frame, cause);
	if (!incident)
		return NULL;
	incident->adopted = true;
	incidents->adopted++;
	return incident;
}

struct kept_incident *incidents_find(struct incidents *incidents, uint64_t epoch, uint64_t counter)
{
	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		struct kept_incident *at = &incidents->at[i];

		if (at->serial != 0 && at->frame.epoch == epoch && at->frame.counter == counter)
			return at;
	}
	return NULL;
}

struct incident_ref incident_ref(
	const struct incidents *incidents, const struct kept_incident *incident)
{
	return (struct incident_ref){(uint32_t)(incident - incidents->at), incident->serial};
}

struct kept_incident *incidents_get(struct incidents *incidents, struct incident_ref ref)
{
	struct kept_incident *incident = &incidents->at[ref.slot % INCIDENTS_MAX];

	return ref.serial != 0 && incident->serial == ref.serial ? incident : NULL;
}

void incidents_sweep(struct incidents *incidents)
{
	for (size_t i = 0; i < INCIDENTS_MAX; i++)
		incidents->at[i].firing = false;
}

void incidents_mark(struct incidents *incidents, struct incident_ref ref)
{
	struct kept_incident *incident = incidents_get(incidents, ref);

	if (incident)
		incident->firing = true;
}

static void clear(struct incidents *incidents, struct kept_incident *incident, uint64_t now_ns,
	uint64_t wall_ns)
{
	incident->cleared_ns = MAX(now_ns, 1);
	incident->frame.cleared_wall_ns = incident->frame.updated_wall_ns = MAX(wall_ns, 1);
	incident->frame.version++;
	incidents->open--;
	if (incident->adopted)
		incidents->adopted--;
	incident->adopted = false;
}

struct kept_incident *incidents_cleared(
	struct incidents *incidents, uint64_t now_ns, uint64_t wall_ns)
{
	for (size_t i = 0; i < INCIDENTS_MAX; i++) {
		struct kept_incident *at = &incidents->at[i];

		if (at->serial == 0 || at->firing)
			continue;
		if (at->cleared_ns == 0) {
			clear(incidents, at, now_ns, wall_ns);
			return at;
		}
		if (now_ns >= at->cleared_ns + INCIDENT_QUIET_NS)
			at->serial = 0;
	}
	return NULL;
}
