/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/alerts.h"

#include <errno.h>
#include <string.h>

#define BREAKER_DETECTOR "circuit_breaker"

static void stored_free(struct stored_alert *stored)
{
	if (!stored)
		return;
	free(stored->json);
	free(stored);
}

static void stored_freep(struct stored_alert **stored)
{
	stored_free(*stored);
}

void alerts_done(struct alerts *alerts)
{
	for (unsigned i = 0; i < alerts->count; i++)
		stored_free(alerts->ring[(alerts->first + i) % ALERTS_MAX]);
	free(alerts->ring);
	*alerts = (struct alerts){0};
}

static struct stored_alert *newest(const struct alerts *alerts, unsigned age)
{
	if (age >= alerts->count)
		return NULL;
	return alerts->ring[(alerts->first + alerts->count - 1 - age) % ALERTS_MAX];
}

const struct stored_alert *alerts_newest(const struct alerts *alerts, unsigned age)
{
	return newest(alerts, age);
}

static struct stored_alert *find(const struct alerts *alerts, uint64_t epoch, uint64_t counter)
{
	for (unsigned age = 0; age < alerts->count; age++) {
		struct stored_alert *stored = newest(alerts, age);

		if (stored->epoch == epoch && stored->counter == counter)
			return stored;
	}
	return NULL;
}

static bool is_known(const struct alerts *alerts, uint64_t epoch, uint64_t counter)
{
	/* Counters grow: the usual case needs no search. */
	if (epoch == alerts->epoch && counter > alerts->counter_max)
		return false;
	return find(alerts, epoch, counter) != NULL;
}

static int set_json(struct alerts *alerts, struct stored_alert *stored, const json_t *json)
{
	char *text = json ? shape_dump(json) : NULL;

	if (!text)
		return -ENOMEM;
	alerts->json_bytes -= stored->json_len;
	free(stored->json);
	stored->json = text;
	stored->json_len = strlen(text);
	alerts->json_bytes += stored->json_len;
	return 0;
}

static void forget_oldest(struct alerts *alerts)
{
	struct stored_alert *oldest = alerts->ring[alerts->first];

	alerts->json_bytes -= oldest->json_len;
	alerts->first = (alerts->first + 1) % ALERTS_MAX;
	alerts->count--;
	alerts->forgotten++;
	stored_free(oldest);
}

static void make_room(struct alerts *alerts)
{
	while (alerts->count == ALERTS_MAX ||
		(alerts->json_bytes > ALERTS_BYTES_MAX && alerts->count > 0))
		forget_oldest(alerts);
}

static void remember_key(struct alerts *alerts, const struct stored_alert *stored)
{
	if (stored->epoch != alerts->epoch)
		alerts->counter_max = 0;
	alerts->epoch = stored->epoch;
	alerts->counter_max = MAX(alerts->counter_max, stored->counter);
}

/* What is asked of an alert without reading its JSON. */
static void set_facts(struct stored_alert *stored, const struct frame *frame)
{
	const struct alert *alert = frame->payload;
	struct text incident = frame_text(frame, ALERT_INCIDENT);
	struct text detector = frame_text(frame, ALERT_DETECTOR);

	stored->epoch = alert->epoch;
	stored->counter = alert->counter;
	stored->wall_ns = alert->wall_ns;
	stored->wall_offset_ns = (int64_t)(alert->wall_ns - alert->time_ns);
	stored->severity = alert->severity;
	stored->scope = alert->scope;
	stored->culprit = alert->culprit;
	text_copy(frame_text(frame, ALERT_RULE), stored->rule, sizeof(stored->rule));
	stored->breaker = detector.len == strlen(BREAKER_DETECTOR) &&
			  memcmp(detector.data, BREAKER_DETECTOR, detector.len) == 0;
	/* trust: ruled's text; what is no id means no incident */
	if (incident_id_parse(incident.data, incident.len, &stored->incident) < 0)
		stored->incident = (struct incident_id){0};
}

int alerts_add(struct alerts *alerts, const struct frame *frame, shape_user user,
	const struct stored_alert **stored)
{
	const struct alert *alert = frame->payload;
	json_t *json _cleanup_(shape_decref) = NULL;
	struct stored_alert *fresh _cleanup_(stored_freep) = NULL;

	if (is_known(alerts, alert->epoch, alert->counter)) {
		alerts->duplicates++;
		return 0;
	}
	if (!alerts->ring)
		alerts->ring = calloc(ALERTS_MAX, sizeof(struct stored_alert *));
	fresh = calloc(1, sizeof(*fresh));
	json = shape_alert(frame, user);
	if (!alerts->ring || !fresh)
		return -ENOMEM;
	set_facts(fresh, frame);
	if (set_json(alerts, fresh, json) < 0)
		return -ENOMEM;
	remember_key(alerts, fresh);
	make_room(alerts);
	*stored = alerts->ring[(alerts->first + alerts->count++) % ALERTS_MAX] = TAKE_PTR(fresh);
	return 1;
}

int alerts_note(struct alerts *alerts, const struct frame *frame)
{
	const struct alert_note *note = frame->payload;
	struct stored_alert *stored = find(alerts, note->epoch, note->counter);
	json_t *json _cleanup_(shape_decref) = NULL;

	if (!stored)
		return -ENOENT;
	json = json_loadb(stored->json, stored->json_len, 0, NULL);
	if (!json || shape_alert_note(json, note->action, frame_text(frame, 0)) < 0)
		return -ENOMEM;
	return set_json(alerts, stored, json);
}

bool alert_matches(const struct stored_alert *alert, const struct query *query)
{
	if (query->given & PARAM_SINCE && alert->wall_ns < query->since_wall_ns)
		return false;
	if (query->given & PARAM_START && alert->wall_ns < query->start_wall_ns)
		return false;
	if (query->given & PARAM_END && alert->wall_ns >= query->end_wall_ns)
		return false;
	if (query->given & PARAM_SEVERITY && alert->severity != query->severity)
		return false;
	return !(query->given & PARAM_RULE) || strcmp(alert->rule, query->rule) == 0;
}
