/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/exchange.h"

#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <string.h>

#include "apid/browser.h"

struct exchange exchange_resume(struct connection *c)
{
	const char *uri = evhttp_request_get_uri(c->request);
	struct route_match match = {0};

	(void)!route_find(c->host->routes, METHOD_POST, uri, strcspn(uri, "?"), &match);
	return (struct exchange){
		.apid = c->host->apid,
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
		.local = !connection_is_tcp(e->connection),
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
	int r = route_find(e->apid->routes, e->method, uri, path_len, &match);

	e->route = match.route;
	e->action = match.action;
	e->incident = match.incident;
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

void exchange_begin(struct connection *c, struct evhttp_request *request)
{
	struct exchange e = {
		.apid = c->host->apid,
		.connection = c,
		.request = request,
		.method = method_of(request),
	};

	connection_serve(c, request);
	collect_headers(&e);
	if (!refused(&e) && find_route(&e))
		e.route->handle(&e);
}
