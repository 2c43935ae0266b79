/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The HTTP server: listening sockets, the connections and their bounds. Hands each request that has
 * been read to exchange_begin(). Never opens a connection of its own.
 */
#pragma once

#include "apid/connection.h"

#define SERVER_CONNECTIONS_MAX 512 /* beside the streams */
#define SERVER_STREAMS_MAX     1000
#define SERVER_FDS_MAX	       2048 /* descriptors of the process */

struct apid;

must_check int server_new(struct apid *apid, struct server **server);
void server_free(struct server *server);

/* Opens what the configuration names; before the sandbox. 0 or -errno (said). */
must_check int server_listen(struct server *server);

struct apid *server_apid(struct server *server);

/* The connection a request came on; NULL if there was no memory for one. */
struct connection *server_connection(struct server *server, struct evhttp_request *request);

/* The connection with this number, or NULL. */
struct connection *server_find(struct server *server, uint64_t number);

/* The connection that waits for this decision, or NULL. */
struct connection *server_find_decision(struct server *server, uint64_t decision);

const struct connection_list *server_connections(const struct server *server);

/* A connection is over. */
void server_forget(struct server *server, struct connection *connection);

/* A connection becomes a stream. -ENOBUFS: there are too many. */
must_check int server_stream(struct server *server, struct connection *connection);

unsigned server_streams(const struct server *server);
unsigned server_held(const struct server *server); /* connections that are no streams */
