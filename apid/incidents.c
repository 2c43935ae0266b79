/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incidents.h"

#include <errno.h>
#include <string.h>

#include "apid/incident_json.h"

#define FIRST_BYTES 4096 /* of about 35 JSON values, texts aside */

static void stored_free(struct stored_incident *stored)
{
	if (!stored)
		return;
	incident_rules_done(&stored->rules);
	incident_evidence_done(&stored->evidence);
	json_decref(stored->first);
	free(stored->json);
	free(stored);
}

static void stored_freep(struct stored_incident **stored)
{
	stored_free(*stored);
}

void incidents_done(struct incidents *incidents)
{
	for (unsigned i = 0; i < incidents->count; i++)
		stored_free(incidents->list[i]);
	free(incidents->list);
	*incidents = (struct incidents){0};
}

static struct stored_incident *find(const struct incidents *incidents, struct incident_id id)
{
	/* Those that are told of are mostly the newest. */
	for (unsigned i = incidents->count; i > 0; i--)
		if (incident_id_is(incidents->list[i - 1]->id, id))
			return incidents->list[i - 1];
	return NULL;
}

const struct stored_incident *incidents_find(
	const struct incidents *incidents, struct incident_id id)
{
	return find(incidents, id);
}

static void remove_at(struct incidents *incidents, unsigned place)
{
	struct stored_incident *victim = incidents->list[place];

	incidents->bytes -= victim->bytes;
	incidents->count--;
	memmove(&incidents->list[place], &incidents->list[place + 1],
		(incidents->count - place) * sizeof(struct stored_incident *));
	stored_free(victim);
	incidents->forgotten++;
}

/* The oldest that has cleared, else the oldest; never @keep. */
static unsigned victim_of(const struct incidents *incidents, const struct stored_incident *keep)
{
	unsigned oldest = incidents->list[0] == keep ? 1 : 0;

	for (unsigned i = 0; i < incidents->count; i++)
		if (incidents->list[i] != keep && !incident_is_open(incidents->list[i]))
			return i;
	return oldest;
}

/* @changed has grown, or shrunk. */
static void weigh(struct incidents *incidents, struct stored_incident *changed)
{
	size_t bytes = sizeof(*changed) + changed->first_bytes + changed->evidence.bytes +
		       changed->rules.count * sizeof(struct incident_rule) +
		       (changed->json ? strlen(changed->json) : 0);

	incidents->bytes += bytes - changed->bytes;
	changed->bytes = bytes;
	while (incidents->bytes > INCIDENTS_BYTES_MAX && incidents->count > 1)
		remove_at(incidents, victim_of(incidents, changed));
}

static int order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int incident_compare(const struct stored_incident *incident, const struct query_cursor *cursor)
{
	int r = order(incident->state.opened_wall_ns, cursor->opened_wall_ns);

	if (r == 0)
		r = order(incident->id.epoch, cursor->id.epoch);
	return r ? r : order(incident->id.counter, cursor->id.counter);
}

static void insert(struct incidents *incidents, struct stored_incident *fresh)
{
	const struct query_cursor own = {fresh->state.opened_wall_ns, fresh->id};
	unsigned place;

	if (incidents->count == INCIDENTS_MAX)
		remove_at(incidents, victim_of(incidents, NULL));
	place = incidents->count;
	while (place > 0 && incident_compare(incidents->list[place - 1], &own) > 0)
		place--;
	memmove(&incidents->list[place + 1], &incidents->list[place],
		(incidents->count - place) * sizeof(struct stored_incident *));
	incidents->list[place] = fresh;
	incidents->count++;
	incidents->opened++;
}

static bool is_first(const struct stored_incident *incident, const struct stored_alert *alert)
{
	return incident_id_is(incident->id, (struct incident_id){alert->epoch, alert->counter});
}

/* The culprit and what is said of it are the first alert's. */
static int take_first(struct stored_incident *incident, const struct stored_alert *alert)
{
	json_t *json = json_loadb(alert->json, alert->json_len, 0, NULL);

	if (!json)
		return -ENOMEM;
	json_decref(incident->first);
	incident->first = json;
	incident->first_bytes = FIRST_BYTES + alert->json_len;
	incident->scope = alert->scope;
	incident->culprit = alert->culprit;
	incident->wall_offset_ns = alert->wall_offset_ns;
	return 0;
}

/* 1: it is one of this incident's. */
static int join(struct stored_incident *incident, const struct stored_alert *alert)
{
	int r = 0;

	if (!is_first(incident, alert) && !incident_id_is(incident->id, alert->incident))
		return 0;
	if (is_first(incident, alert))
		r = take_first(incident, alert);
	if (r == 0)
		r = incident_rules_alert(&incident->rules, alert->rule, alert->wall_ns);
	return r < 0 ? r : 1;
}

static int join_known(struct stored_incident *incident, const struct alerts *alerts)
{
	const struct stored_alert *alert;
	int r = 0;

	for (unsigned age = 0; r >= 0 && (alert = alerts_newest(alerts, age)); age++)
		r = join(incident, alert);
	return MIN(r, 0);
}

static int set_json(struct stored_incident *incident)
{
	json_t *json _cleanup_(shape_decref) = incident_json(incident);
	char *text = json ? shape_dump(json) : NULL;

	if (!text)
		return -ENOMEM;
	free(incident->json);
	incident->json = text;
	return 0;
}

static int set_state(struct stored_incident *incident, const struct frame *frame)
{
	uint64_t opened_wall_ns = incident->state.opened_wall_ns;
	int r = incident_rules_told(&incident->rules, frame_text(frame, 0));

	if (r < 0)
		return r;
	incident->state = *(const struct incident *)frame->payload;
	/* trust: what opened stays where it is in the list, whatever ruled says later */
	if (incident->json)
		incident->state.opened_wall_ns = opened_wall_ns;
	return set_json(incident);
}

static struct stored_incident *stored_new(const struct frame *frame, int64_t wall_offset_ns)
{
	const struct incident *told = frame->payload;
	struct stored_incident *fresh = calloc(1, sizeof(*fresh));

	if (!fresh)
		return NULL;
	fresh->id = (struct incident_id){told->epoch, told->counter};
	fresh->scope = SCOPE_HOST;
	fresh->wall_offset_ns = wall_offset_ns;
	fresh->missed = told->version > 1;
	return fresh;
}

static int add(struct incidents *incidents, const struct frame *frame, const struct alerts *alerts,
	int64_t wall_offset_ns, const struct stored_incident **stored)
{
	struct stored_incident *fresh _cleanup_(stored_freep) = stored_new(frame, wall_offset_ns);
	int r = fresh ? join_known(fresh, alerts) : -ENOMEM;

	if (r == 0)
		r = set_state(fresh, frame);
	if (r == 0 && !incidents->list) {
		incidents->list = calloc(INCIDENTS_MAX, sizeof(struct stored_incident *));
		r = incidents->list ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	insert(incidents, fresh);
	weigh(incidents, fresh);
	*stored = TAKE_PTR(fresh);
	return 1;
}

int incidents_told(struct incidents *incidents, const struct frame *frame,
	const struct alerts *alerts, int64_t wall_offset_ns, const struct stored_incident **stored)
{
	const struct incident *told = frame->payload;
	struct stored_incident *known =
		find(incidents, (struct incident_id){told->epoch, told->counter});
	int r;

	if (!known)
		return add(incidents, frame, alerts, wall_offset_ns, stored);
	/* Told again after a new connection. */
	if (told->version <= known->state.version)
		return 0;
	r = set_state(known, frame);
	if (r < 0)
		return r;
	weigh(incidents, known);
	*stored = known;
	return 1;
}

int incidents_evidence(struct incidents *incidents, const struct frame *frame)
{
	/* Every payload of evidence begins with the id. */
	const struct incident_id *id = frame->payload;
	struct stored_incident *incident = find(incidents, *id);
	uint64_t refused;
	bool complete;
	int r;

	if (!incident) {
		incidents->orphans++;
		return 0;
	}
	refused = incident->evidence.refused;
	complete = incident_is_complete(incident);
	r = incident_evidence_add(&incident->evidence, frame);
	incidents->rows_refused += incident->evidence.refused - refused;
	if (r == 0 && incident_is_complete(incident) != complete)
		r = set_json(incident);
	weigh(incidents, incident);
	return r;
}

int incidents_alert(struct incidents *incidents, const struct stored_alert *alert)
{
	struct incident_id id = {alert->epoch, alert->counter};
	struct stored_incident *incident =
		find(incidents, alert->incident.counter ? alert->incident : id);
	int r = incident ? join(incident, alert) : 0;

	incidents->breaker_alerts += alert->breaker;
	if (r <= 0)
		return r;
	r = set_json(incident);
	weigh(incidents, incident);
	return r;
}

bool incident_is_complete(const struct stored_incident *incident)
{
	const struct incident_evidence *evidence = &incident->evidence;

	return incident->state.evidence_complete && evidence->refused == 0 &&
	       (evidence->host || !incident->missed);
}

bool incident_matches(const struct stored_incident *incident, const struct query *query)
{
	if (query->given & PARAM_STATUS_OF_INCIDENT && incident_is_open(incident) != query->open)
		return false;
	if (query->given & PARAM_SEVERITY && incident->state.severity != query->severity)
		return false;
	return !(query->given & PARAM_RULE) || incident_rules_has(&incident->rules, query->rule);
}

struct resume incident_resume(const struct stored_incident *incident, unsigned rule)
{
	uint64_t told_wall_ns = incident->rules.list[rule].told_wall_ns;

	return (struct resume){
		.epoch = incident->id.epoch,
		.counter = incident->id.counter,
		.version = incident->state.version,
		.opened_wall_ns = incident->state.opened_wall_ns,
		.told_wall_ns = told_wall_ns ? told_wall_ns : incident->state.updated_wall_ns,
		.start_ns = incident->culprit.start_ns,
		.cgroup = incident->culprit.cgroup,
		.tgid = incident->culprit.tgid,
		.uid = incident->culprit.uid,
		.alerts = incident->state.alerts,
		.reopened = incident->state.reopened,
		.severity = incident->state.severity,
		.scope = (uint16_t)incident->scope,
	};
}
