/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One request that is being answered, and the ways to answer it. What fails is answered as
 * problem+json. Knows no route and judges no request.
 */
#pragma once

#include <event2/buffer.h>
#include <event2/http.h>
#include <jansson.h>

#include "apid/apid.h"
#include "apid/connection.h"
#include "apid/headers.h"
#include "apid/query.h"
#include "apid/router.h"

#define TYPE_JSON "application/json"

struct exchange {
	struct apid *apid;
	struct connection *connection;
	struct evhttp_request *request;
	struct headers headers;	   /* borrowed from the request */
	unsigned method;	   /* enum method */
	const struct route *route; /* NULL: none matched */
	uint64_t action;	   /* of the path, as the next */
	struct incident_id incident;
	struct query query;
};

void answer_header(struct exchange *exchange, const char *name, const char *value);

/* Takes @json; NULL is answered with 500. */
void answer_json(struct exchange *exchange, unsigned status, json_t *json);

/* @json: finished text, or (@body) a buffer, whose content is taken. */
void answer_text(struct exchange *exchange, unsigned status, const char *type, const char *text);
void answer_body(
	struct exchange *exchange, unsigned status, const char *type, struct evbuffer *body);

void answer_problem(struct exchange *exchange, unsigned status, const char *fmt, ...)
	printf_like(3, 4);

/* Starts an answer without an end; 0, or -ENOBUFS when there are too many (answered). */
must_check int answer_stream(struct exchange *exchange);

/* One action, with its ETag. */
void answer_action(struct exchange *exchange, const struct action_entry *entry);
