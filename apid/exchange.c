/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/exchange.h"

#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apid/browser.h"
#include "apid/routes.h"
#include "apid/server.h"
#include "apid/shape.h"

#define TYPE_JSON    "application/json"
#define TYPE_PROBLEM "application/problem+json"

static size_t route_index(const struct exchange *e)
{
	return e->route ? (size_t)(e->route - api_routes.routes) : COUNTS_ROUTES_MAX;
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
	if (server_stream(e->connection->server, e->connection) < 0) {
		e->apid->counts.streams_refused++;
		answer_problem(e, 503, "there are %d streams already", SERVER_STREAMS_MAX);
		return -ENOBUFS;
	}
	answer_headers(e, 200, "text/event-stream");
	evhttp_send_reply_start(e->request, 200, counts_status_title(200));
	connection_unclaim(e->connection);
	return 0;
}

struct exchange exchange_resume(struct connection *c)
{
	const char *uri = evhttp_request_get_uri(c->request);
	struct route_match match = {0};

	(void)!route_find(&api_routes, METHOD_POST, uri, strcspn(uri, "?"), &match);
	return (struct exchange){
		.apid = server_apid(c->server),
		.connection = c,
		.request = c->request,
		.method = METHOD_POST,
		.route = match.route,
		.action = match.action,
	};
}

static unsigned method_of(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return METHOD_GET;
	case EVHTTP_REQ_HEAD:
		return METHOD_HEAD;
	case EVHTTP_REQ_POST:
		return METHOD_POST;
	case EVHTTP_REQ_OPTIONS:
		return METHOD_OPTIONS;
	default:
		return METHOD_OTHER;
	}
}

static void collect_headers(struct exchange *e)
{
	struct evkeyval *header;

	TAILQ_FOREACH (header, evhttp_request_get_input_headers(e->request), next)
		headers_add(&e->headers, header->key, header->value);
}

/* Methods for which the HTTP server reads no body, whatever the head says. */
static bool is_bodiless(struct evhttp_request *request)
{
	enum evhttp_cmd_type command = evhttp_request_get_command(request);

	return command == EVHTTP_REQ_HEAD || command == EVHTTP_REQ_TRACE;
}

static enum browser_kind browser_kind(unsigned method)
{
	if (method == METHOD_GET)
		return BROWSER_GET;
	return method & (METHOD_HEAD | METHOD_OPTIONS) ? BROWSER_READ : BROWSER_WRITE;
}

/* What is wrong with the request whatever it asks for; true: it has been answered. */
static bool refused(struct exchange *e)
{
	const struct browser_listener listener = {
		.local = e->connection->local,
		.port = e->connection->port,
		.allowed = &e->apid->config.api.allowed_hosts,
	};
	const char *why;
	unsigned status = headers_framing(&e->headers, is_bodiless(e->request), &why);

	if (status) {
		/* What follows on the connection may be anything. */
		answer_header(e, "Connection", "close");
		answer_problem(e, status, "%s", why);
		return true;
	}
	status = browser_check(&e->headers, &listener, browser_kind(e->method), &why);
	if (status)
		answer_problem(e, status, "%s", why);
	return status != 0;
}

static void answer_options(struct exchange *e)
{
	char allow[64];

	answer_header(e, "Allow", route_allow(e->route, allow, sizeof(allow)));
	answer_body(e, 204, NULL, NULL);
}

static void answer_wrong_method(struct exchange *e)
{
	char allow[64];

	answer_header(e, "Allow", route_allow(e->route, allow, sizeof(allow)));
	answer_problem(e, 405, "this path allows %s", allow);
}

/* trust: the request line as the client sent it. True: there is a handler to call. */
static bool find_route(struct exchange *e)
{
	const char *uri = evhttp_request_get_uri(e->request);
	size_t path_len = strcspn(uri, "?");
	struct route_match match = {0};
	char why[256];
	int r = route_find(&api_routes, e->method, uri, path_len, &match);

	e->route = match.route;
	e->action = match.action;
	if (r == -ENOENT)
		answer_problem(e, 404, "there is nothing at this path");
	else if (e->method == METHOD_OPTIONS)
		answer_options(e);
	else if (r < 0)
		answer_wrong_method(e);
	if (r < 0)
		return false;
	uri += path_len + (uri[path_len] == '?');
	r = query_parse(uri, strlen(uri), e->route->params, &e->query, why, sizeof(why));
	if (r < 0)
		answer_problem(e, 400, "%s", why);
	return r == 0;
}

void exchange_begin(struct evhttp_request *request, void *ctx)
{
	struct server *server = ctx;
	struct exchange e = {
		.apid = server_apid(server), .request = request, .method = method_of(request)};

	e.connection = server_connection(server, request);
	if (!e.connection) {
		evhttp_send_error(request, 503, NULL);
		return;
	}
	connection_serve(e.connection, request);
	collect_headers(&e);
	if (!refused(&e) && find_route(&e))
		e.route->handle(&e);
}
