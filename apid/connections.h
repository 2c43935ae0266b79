/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * All connections of the server: found by number, descriptor or decision, counted, bounded. Keeps
 * them; opens, answers and ends none. Pure.
 */
#pragma once

#include "apid/connection.h"

/* Beside the streams. What is left of one bound is kept for those the next one admits. */
#define CONNECTIONS_TCP	      384 /* together, since who they are is not known */
#define CONNECTIONS_NOT_ROOT  448
#define CONNECTIONS_MAX	      512
#define CONNECTIONS_EACH_USER 32 /* by unix socket, each uid but root */

#define CONNECTIONS_STREAMS 1000
#define CONNECTIONS_FDS_MAX 2048 /* descriptors of the process */

struct connections {
	struct connection_list fresh, all;
	struct connection *by_fd[CONNECTIONS_FDS_MAX];
	unsigned held[CLIENT_KINDS]; /* that are no streams */
	unsigned streams;
	uint64_t last_number;
};

void connections_init(struct connections *set);

/* A connection has been accepted; its descriptor is not known yet. */
void connections_add(struct connections *set, struct connection *connection);

/* The next fresh connection, which is one of all now; NULL: there is none. */
struct connection *connections_next_fresh(struct connections *set);

/* Its descriptor is known. -EMFILE: it is beyond the bound. */
must_check int connections_settle(struct connections *set, struct connection *connection, int fd);

/*
 * Its peer is known: may it stay? -ENOBUFS: root's reserve or another user's share would be
 * touched.
 */
must_check int connections_admit(struct connections *set, struct connection *connection);

/* A connection is over; it is the caller's again. */
void connections_remove(struct connections *set, struct connection *connection);

/* A connection becomes a stream. -ENOBUFS: there are too many. */
must_check int connections_stream(struct connections *set, struct connection *connection);

/* Each gives NULL if there is none. */
struct connection *connections_first(const struct connections *set);
struct connection *connections_at(const struct connections *set, int fd);
struct connection *connections_find(const struct connections *set, uint64_t number);
struct connection *connections_deciding(const struct connections *set, uint64_t decision);

/* Is there any, fresh or not? */
bool connections_any(const struct connections *set);

/* How many are no streams. */
unsigned connections_held(const struct connections *set);

/* May one more of @client, CLIENT_TCP or CLIENT_UNIX, be accepted? */
bool connections_room(const struct connections *set, enum client client);
