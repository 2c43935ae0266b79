/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_reads.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apid/incident_json.h"
#include "apid/incident_stats.h"
#include "apid/list.h"
#include "apid/user_names.h"
#include "common/clock.h"
#include "common/sha256.h"

#define NEXT_CURSOR "Linnix-Next-Cursor"
#define TAG_BYTES   48

static bool is_wanted(const struct stored_incident *incident, const struct query *query)
{
	if (query->given & PARAM_CURSOR && incident_compare(incident, &query->cursor) >= 0)
		return false;
	return incident_matches(incident, query);
}

static void tell_next(struct exchange *e, const struct stored_incident *last)
{
	const struct query_cursor cursor = {last->state.opened_wall_ns, last->id};
	char text[QUERY_CURSOR_BYTES];

	answer_header(e, NEXT_CURSOR, query_cursor_format(&cursor, text));
}

void read_incidents(struct exchange *e)
{
	const struct incidents *incidents = &e->apid->incidents;
	const struct stored_incident *last = NULL;
	struct list list;

	if (list_begin(&list, e) < 0)
		return;
	for (unsigned i = incidents->count; i > 0; i--) {
		if (!is_wanted(incidents->list[i - 1], &e->query))
			continue;
		if (list.count == e->query.limit) {
			tell_next(e, last);
			break;
		}
		last = incidents->list[i - 1];
		list_add(&list, last->json);
	}
	list_answer(&list, e);
}

void read_incidents_summary(struct exchange *e)
{
	answer_json(e, 200, incidents_summary(&e->apid->incidents, clock_wall_ns()));
}

void read_incidents_stats(struct exchange *e)
{
	answer_json(e, 200, incidents_stats(&e->apid->incidents));
}

/* Evidence and actions change without a new version: what is told is what is tagged. */
static void make_tag(const struct stored_incident *incident, const char *json, char *tag)
{
	char hex[SHA256_HEX_SIZE];
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, json, strlen(json));
	sha256_end_hex(&hash, hex);
	snprintf(tag, TAG_BYTES, "\"%" PRIu64 "-%.16s\"", incident->state.version, hex);
}

void read_incident(struct exchange *e)
{
	const struct stored_incident *incident = incidents_find(&e->apid->incidents, e->incident);
	json_t *json _cleanup_(shape_decref) = NULL;
	_cleanup_free_ char *text = NULL;
	char id[INCIDENT_ID_BYTES], tag[TAG_BYTES];

	if (!incident) {
		answer_problem(
			e, 404, "there is no incident %s", incident_id_format(e->incident, id));
		return;
	}
	user_names_begin();
	json = incident_json_whole(incident, &e->apid->actions, user_name);
	text = json ? shape_dump(json) : NULL;
	if (!text) {
		answer_json(e, 500, NULL);
		return;
	}
	make_tag(incident, text, tag);
	answer_header(e, "ETag", tag);
	if (headers_has(&e->headers, tag))
		answer_body(e, 304, NULL, NULL);
	else
		answer_text(e, 200, TYPE_JSON, text);
}
