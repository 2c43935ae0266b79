/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The HTTP server: listens, accepts up to the bound, hands each request that has been read to
 * exchange_begin() and ends who is late. Never opens a connection of its own.
 */
#pragma once

#include "common/base.h"

struct apid;
struct server;

/* Sets apid->connections. The link to enforcerd and the routes are there already. */
must_check int server_new(struct apid *apid, struct server **server);
void server_free(struct server *server);

/* Opens what the configuration names; before the sandbox. 0 or -errno (said). */
must_check int server_listen(struct server *server);
