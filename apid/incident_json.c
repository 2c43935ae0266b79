/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_json.h"

#include "apid/incident_snapshot.h"
#include "apid/names.h"

static json_t *id_json(struct incident_id id)
{
	char text[INCIDENT_ID_BYTES];

	return json_string(incident_id_format(id, text));
}

static json_t *rules_json(const struct incident_rules *rules)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rules->count; i++)
		json_array_append_new(list, shape_text(text_of(rules->list[i].name)));
	return list;
}

/* A member of the first alert; null while that is not known. */
static json_t *first_member(const struct stored_incident *incident, const char *key)
{
	json_t *member = json_object_get(incident->first, key);

	return member ? json_incref(member) : json_null();
}

static json_t *rule_json(const struct stored_incident *incident)
{
	if (incident->first || incident->rules.count == 0)
		return first_member(incident, "rule");
	return shape_text(text_of(incident->rules.list[0].name));
}

static void put_head(struct shape *s, const struct stored_incident *incident)
{
	const struct incident *state = &incident->state;

	shape_put(s, "id", id_json(incident->id));
	shape_put(s, "status", json_string(incident_is_open(incident) ? "open" : "cleared"));
	shape_put(s, "severity", json_string(name_severity(state->severity)));
	shape_put(s, "rule", rule_json(incident));
	shape_put(s, "rules", rules_json(&incident->rules));
	shape_put(s, "culprit", first_member(incident, "culprit"));
	shape_put(s, "opened_at", shape_seconds(state->opened_wall_ns));
	shape_put(s, "updated_at", shape_seconds(state->updated_wall_ns));
	shape_put(s, "cleared_at", shape_seconds(state->cleared_wall_ns));
	shape_put(s, "alerts", json_integer(state->alerts));
	shape_put(s, "reopened", json_integer(state->reopened));
	shape_put(s, "flapping", json_boolean(state->flapping));
	shape_put(s, "message", first_member(incident, "message"));
	shape_put(s, "value", first_member(incident, "value"));
	shape_put(s, "threshold", first_member(incident, "threshold"));
	shape_put(s, "evidence_complete", json_boolean(incident_is_complete(incident)));
}

json_t *incident_json(const struct stored_incident *incident)
{
	struct shape s = shape_begin();

	put_head(&s, incident);
	return shape_end(&s);
}

static json_t *actions_json(const struct stored_incident *incident, const struct actions *actions)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < actions->count; i++) {
		const struct action_entry *entry = &actions->entries[i];
		struct shape s;

		if (!incident_id_is(entry->incident, incident->id))
			continue;
		s = shape_begin();
		shape_put(&s, "id", shape_action_id(entry->action));
		shape_put(&s, "status", json_string(name_status(entry->status)));
		json_array_append_new(list, shape_end(&s));
	}
	return list;
}

json_t *incident_json_whole(
	const struct stored_incident *incident, const struct actions *actions, shape_user user)
{
	const struct incident_evidence *evidence = &incident->evidence;
	struct shape s = shape_begin();

	put_head(&s, incident);
	shape_put(&s, "snapshot", incident_snapshot(evidence, user, incident->wall_offset_ns));
	shape_put(&s, "tree", incident_tree(evidence, user, incident->wall_offset_ns));
	shape_put(&s, "series", incident_series(evidence));
	shape_put(&s, "events", incident_events(evidence));
	shape_put(&s, "actions", actions_json(incident, actions));
	return shape_end(&s);
}
