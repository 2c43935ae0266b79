/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apid/connections.h"
#include "apid/shape.h"

#define TYPE_PROBLEM "application/problem+json"

static size_t route_index(const struct exchange *e)
{
	return e->route ? (size_t)(e->route - e->apid->routes->routes) : COUNTS_ROUTES_MAX;
}

void answer_header(struct exchange *e, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(e->request), name, value);
}

static void answer_headers(struct exchange *e, unsigned status, const char *type)
{
	static const char *const always[][2] = {
		{"Content-Security-Policy", "default-src 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"Cache-Control", "no-store"},
	};

	if (type)
		answer_header(e, "Content-Type", type);
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		answer_header(e, always[i][0], always[i][1]);
	counts_request(&e->apid->counts, route_index(e), status);
}

void answer_body(struct exchange *e, unsigned status, const char *type, struct evbuffer *body)
{
	char length[24];

	answer_headers(e, status, type);
	if (e->method == METHOD_HEAD && body) {
		snprintf(length, sizeof(length), "%zu", evbuffer_get_length(body));
		answer_header(e, "Content-Length", length);
		evbuffer_drain(body, evbuffer_get_length(body));
	}
	evhttp_send_reply(e->request, (int)status, counts_status_title(status), body);
	connection_answered(e->connection);
}

void answer_text(struct exchange *e, unsigned status, const char *type, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (body)
		evbuffer_add(body, text, strlen(text));
	answer_body(e, body ? status : 500, type, body);
	if (body)
		evbuffer_free(body);
}

static void answer_dump(struct exchange *e, unsigned status, const char *type, json_t *json)
{
	_cleanup_free_ char *text = json ? shape_dump(json) : NULL;

	json_decref(json);
	if (text)
		answer_text(e, status, type, text);
	else
		answer_body(e, 500, NULL, NULL);
}

void answer_json(struct exchange *e, unsigned status, json_t *json)
{
	answer_dump(e, status, TYPE_JSON, json);
}

void answer_problem(struct exchange *e, unsigned status, const char *fmt, ...)
{
	struct shape s = shape_begin();
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	shape_put(&s, "type", json_string("about:blank"));
	shape_put(&s, "title", json_string(counts_status_title(status)));
	shape_put(&s, "status", json_integer(status));
	shape_put(&s, "detail", shape_text(text_of(detail)));
	answer_dump(e, status, TYPE_PROBLEM, shape_end(&s));
}

int answer_stream(struct exchange *e)
{
	if (connections_stream(e->apid->connections, e->connection) < 0) {
		e->apid->counts.streams_refused++;
		answer_problem(e, 503, "there are %d streams already", CONNECTIONS_STREAMS);
		return -ENOBUFS;
	}
	answer_headers(e, 200, "text/event-stream");
	evhttp_send_reply_start(e->request, 200, counts_status_title(200));
	connection_unclaim(e->connection);
	return 0;
}

void answer_action(struct exchange *e, const struct action_entry *entry)
{
	char tag[32];

	snprintf(tag, sizeof(tag), "\"%" PRIu64 "\"", entry->version);
	answer_header(e, "ETag", tag);
	answer_text(e, 200, TYPE_JSON, entry->json);
}
