/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/decide.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apid/body.h"
#include "apid/connections.h"
#include "apid/exchange.h"
#include "apid/status.h"
#include "common/clock.h"
#include "common/text.h"

#define AWAY "enforcerd does not answer; nothing was decided"

/* Is there a proof that this request may be passed on? True: it has been answered with why not. */
static bool unproven(struct exchange *e)
{
	const struct connection *c = e->connection;

	if (c->requests > 1)
		answer_problem(e, 409,
			"a decision must be the first request of its connection: use a new connection");
	else if (c->claim == CLAIM_AWAY)
		answer_problem(e, 503, AWAY);
	else if (c->claim != CLAIM_PROVEN)
		answer_problem(e, 403, "this request did not look like a decision when it came");
	else if (!c->proof.admitted)
		answer_problem(
			e, 403, "%s", c->proof_why[0] ? c->proof_why : "you are not an approver");
	else if (c->proof.verb != (uint16_t)e->route->verb || c->proof.action != e->action)
		answer_problem(e, 403, "enforcerd has read another request");
	else
		return false;
	return true;
}

/* If-Match: "VERSION" or *. 0, or -EINVAL: nothing that could ever fit. */
static int parse_if_match(const struct headers *headers, uint64_t *version)
{
	const char *value = headers->value[HEADER_IF_MATCH];
	size_t len = value ? strlen(value) : 0;

	*version = 0;
	if (headers->count[HEADER_IF_MATCH] == 0 ||
		(headers->count[HEADER_IF_MATCH] == 1 && strcmp(value, "*") == 0))
		return 0;
	if (headers->count[HEADER_IF_MATCH] > 1 || len < 3 || value[0] != '"' ||
		value[len - 1] != '"')
		return -EINVAL;
	if (text_to_u64(value + 1, len - 2, UINT64_MAX, version) < 0 || *version == 0)
		return -EINVAL;
	return 0;
}

static int read_body(const struct exchange *e, struct body *body, const char **why)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(e->request);
	size_t len = evbuffer_get_length(input);
	const char *data = len ? (const char *)evbuffer_pullup(input, -1) : "";

	return body_parse(data, len, e->route->verb, body, why);
}

/* True: the body has been refused and answered. */
static bool bad_body(struct exchange *e, struct body *body)
{
	const char *why;

	if (read_body(e, body, &why) == 0)
		return false;
	answer_problem(e, 422, "%s", why);
	return true;
}

/*
 * True: a rule nobody knows was to be muted, which has been answered. One that is muted may be so
 * no more also after it has gone; while ruled is away nobody can tell.
 */
static bool unknown_rule(struct exchange *e, const struct body *body)
{
	const struct apid *apid = e->apid;

	if (body->mute_kind != MUTE_RULE || !apid->rules.known ||
		rulebook_find(&apid->rules, body->what) ||
		(body->mute_secs == 0 &&
			mutes_find(&apid->mutes, MUTE_RULE, body->what, clock_wall_ns())))
		return false;
	answer_problem(e, 404, "there is no rule of this name");
	return true;
}

void decide(struct exchange *e)
{
	struct connection *c = e->connection;
	struct decide frame = {.connection = c->number};
	struct body body;
	struct text texts[3] = {0};

	if (unproven(e) || bad_body(e, &body) || unknown_rule(e, &body))
		return;
	if (parse_if_match(&e->headers, &frame.if_match) < 0) {
		answer_problem(e, 412, "If-Match is not the ETag of this action");
		return;
	}
	frame.request = ++e->apid->decisions_asked;
	texts[0] = text_of(body.approver);
	texts[1] = text_of(body.reason);
	texts[2] = text_of(body.what);
	frame.mute_kind = (uint16_t)body.mute_kind;
	frame.mute_secs = body.mute_secs;
	if (link_send(e->apid->decisions, FRAME_DECIDE, &frame, texts) < 0) {
		answer_problem(e, 503, AWAY);
		return;
	}
	c->claim = CLAIM_SPENT;
	c->decision = frame.request;
	c->decision_action = e->action;
}

static const unsigned statuses[DECISION_RESULTS] = {
	[DECISION_OK] = 200,
	[DECISION_FORBIDDEN] = 403,
	[DECISION_UNKNOWN] = 404,
	[DECISION_CONFLICT] = 409,
	[DECISION_EXPIRED] = 410,
	[DECISION_MISMATCH] = 412,
	[DECISION_INVALID] = 422,
	[DECISION_UNAVAILABLE] = 503,
};

/* enforcerd's clock is this one, and it has answered at once. */
static void answer_mute(struct exchange *e)
{
	struct body body;
	const char *why;

	if (read_body(e, &body, &why) < 0) {
		answer_json(e, 500, NULL);
		return;
	}
	answer_json(e, 200,
		status_mute(body.mute_kind, body.what, body.approver,
			body.mute_secs == 0 ? 0 : clock_wall_ns() + body.mute_secs * NSEC_PER_SEC));
}

static void answer_decided(struct exchange *e)
{
	const struct action_entry *entry =
		actions_find(&e->apid->actions, e->connection->decision_action);

	if (e->route->verb == VERB_MUTE)
		answer_mute(e);
	else if (e->connection->decision_action == 0)
		answer_json(e, 200, json_pack("{s:o}", "hold", status_hold(&e->apid->suite)));
	else if (entry)
		answer_action(e, entry);
	else
		answer_problem(e, 503, "the decision was taken; the action is not known here yet");
}

void decide_done(struct apid *apid, const struct frame *frame)
{
	const struct decided *decided = frame->payload;
	struct connection *c = connections_deciding(apid->connections, decided->request);
	struct exchange e;
	char detail[520];

	if (!c)
		return;
	e = exchange_resume(c);
	if (decided->result == DECISION_OK) {
		answer_decided(&e);
		return;
	}
	text_copy(frame_text(frame, 0), detail, sizeof(detail));
	answer_problem(&e, statuses[decided->result], "%s", detail);
}

void decide_late(struct connection *c)
{
	struct exchange e = exchange_resume(c);

	answer_problem(&e, 503,
		"enforcerd has not answered in time; look at the action to see what came of it");
}

void decide_down(struct apid *apid)
{
	struct connection *c = connections_first(apid->connections);

	for (; c; c = TAILQ_NEXT(c, entry)) {
		struct exchange e;

		if (c->state == CONNECTION_CLAIMED) {
			connection_unproven(c);
		} else if (c->claim == CLAIM_PROVEN) {
			c->claim = CLAIM_AWAY;
		} else if (c->decision) {
			e = exchange_resume(c);
			answer_problem(&e, 503,
				"enforcerd went away; look at the action to see what came of it");
		}
	}
}
