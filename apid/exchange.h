/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One request and its answer: the checks that come before any handler, and the ways to answer.
 * Everything after routing is answered as problem+json when it fails.
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

struct exchange {
	struct apid *apid;
	struct connection *connection;
	struct evhttp_request *request;
	struct headers headers;	   /* borrowed from the request */
	unsigned method;	   /* enum method */
	const struct route *route; /* NULL: none matched */
	uint64_t action;	   /* of the path */
	struct query query;
};

/* evhttp's generic callback; @ctx: the server. */
void exchange_begin(struct evhttp_request *request, void *ctx);

/* The request @connection waits with, when its answer comes later. */
struct exchange exchange_resume(struct connection *connection);

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
