/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * A request from the HTTP server to its handler: the checks that come before any handler, then the
 * route table's choice. Answers only what is refused on the way.
 */
#pragma once

#include "apid/answer.h"

/* @request has been read on @connection. */
void exchange_begin(struct connection *connection, struct evhttp_request *request);

/* The request @connection waits with, when its answer comes later. */
struct exchange exchange_resume(struct connection *connection);
