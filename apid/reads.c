/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/reads.h"

#include <inttypes.h>

#include "apid/list.h"
#include "apid/metrics.h"
#include "apid/names.h"
#include "apid/shape.h"
#include "apid/status.h"
#include "apid/streams.h"
#include "common/account.h"
#include "common/clock.h"

void read_healthz(struct exchange *e)
{
	answer_text(e, 200, TYPE_JSON, "{\"status\":\"ok\"}");
}

void read_readyz(struct exchange *e)
{
	bool ready;
	json_t *json = status_ready(e->apid, clock_boottime_ns(), &ready);

	answer_json(e, ready ? 200 : 503, json);
}

void read_status(struct exchange *e)
{
	answer_json(e, 200, status_json(e->apid, clock_boottime_ns(), clock_wall_ns()));
}

void read_rules(struct exchange *e)
{
	answer_json(e, 200, status_rules(&e->apid->rules, clock_wall_ns()));
}

void read_metrics(struct exchange *e)
{
	struct evbuffer *body = evbuffer_new();

	if (body)
		metrics_write(body, e->apid, clock_boottime_ns());
	answer_body(e, body ? 200 : 500, "text/plain; version=0.0.4; charset=utf-8", body);
	if (body)
		evbuffer_free(body);
}

static void alerts_list(struct exchange *e)
{
	const struct stored_alert *alert;
	struct list list;

	if (list_begin(&list, e) < 0)
		return;
	for (unsigned age = 0;
		list.count < e->query.limit && (alert = alerts_newest(&e->apid->alerts, age));
		age++)
		if (alert_matches(alert, &e->query))
			list_add(&list, alert->json);
	list_answer(&list, e);
}

void read_alerts(struct exchange *e)
{
	if (headers_accept(&e->headers, "text/event-stream"))
		stream_open(e, STREAM_ALERT);
	else
		alerts_list(e);
}

void read_timeline(struct exchange *e)
{
	const struct query *query = &e->query;

	if (query->given & PARAM_END && query->end_wall_ns < query->start_wall_ns) {
		answer_problem(e, 400, "parameter 'end' must not be before 'start'");
		return;
	}
	e->query.limit = QUERY_LIMIT_MAX;
	alerts_list(e);
}

void read_stream(struct exchange *e)
{
	stream_open(e, e->query.types);
}

void read_actions(struct exchange *e)
{
	const struct actions *actions = &e->apid->actions;
	struct list list;

	if (list_begin(&list, e) < 0)
		return;
	for (unsigned i = actions->count; i > 0; i--) {
		const struct action_entry *entry = &actions->entries[i - 1];

		if (!(e->query.given & PARAM_STATUS) || entry->status == e->query.status)
			list_add(&list, entry->json);
	}
	list_answer(&list, e);
}

void read_action(struct exchange *e)
{
	const struct action_entry *entry = actions_find(&e->apid->actions, e->action);

	if (entry)
		answer_action(e, entry);
	else
		answer_problem(e, 404, "there is no action-%" PRIu64, e->action);
}

/* Everybody may read; who may decide, may decide everything. */
static json_t *rights(bool admitted)
{
	return admitted ? json_pack("[s, s, s, s, s, s]", "read", "approve", "reject", "hold",
				  "resume", "mute")
			: json_pack("[s]", "read");
}

/* @user NULL: nobody. */
static void answer_whoami(
	struct exchange *e, enum peer_kind kind, uid_t uid, const char *user, bool admitted)
{
	struct shape s = shape_begin();

	shape_put(&s, "kind", json_string(name_peer(kind)));
	shape_put(&s, "uid", user ? json_integer(uid) : json_null());
	shape_put(&s, "user", user ? shape_text(text_of(user)) : json_null());
	shape_put(&s, "may", rights(admitted));
	answer_json(e, 200, shape_end(&s));
}

/* What enforcerd has said; by unix socket the kernel tells us the user even without it. */
void read_whoami(struct exchange *e)
{
	const struct connection *c = e->connection;
	bool asked = c->proof.connection != 0;
	char user[64];

	if (asked && c->proof.kind != PEER_NOBODY)
		answer_whoami(e, c->proof.kind, c->proof.uid, c->proof_user, c->proof.admitted);
	else if (!connection_is_tcp(c))
		answer_whoami(
			e, PEER_UNIX, c->uid, account_name(c->uid, user, sizeof(user)), false);
	else if (asked)
		answer_whoami(e, PEER_NOBODY, 0, NULL, false);
	else if (c->claim == CLAIM_AWAY)
		answer_problem(
			e, 503, "enforcerd does not answer; it alone can tell who is connected");
	else
		answer_problem(e, 409,
			"this must be the first request of its connection: use a new connection");
}
