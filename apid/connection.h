/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One client's connection: held unread until its first request is there and, where that is a
 * decision, until enforcerd has looked at it; then left to the HTTP server, with a deadline for
 * everything. Never says who the client is: only enforcerd's PROOF does.
 */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <sys/queue.h>

#include "apid/router.h"
#include "common/link.h"

#define CONNECTION_REQUEST_NS (10 * NSEC_PER_SEC) /* for head and body together */
#define CONNECTION_CLAIM_NS   (2 * NSEC_PER_SEC)
#define CONNECTION_SERVE_NS   (10 * NSEC_PER_SEC)
#define CONNECTION_WRITE_NS   (30 * NSEC_PER_SEC)
#define CONNECTION_IDLE_NS    (30 * NSEC_PER_SEC)

struct apid;
struct connection;

/* What all connections have from the server that holds them. */
struct connection_host {
	struct apid *apid;		  /* for handlers; not looked into here */
	const struct route_table *routes; /* they say what enforcerd must see first */
	struct link *decisions;		  /* to enforcerd */
	void (*on_closed)(struct connection *connection, void *ctx);
	void *ctx;
};

enum connection_state {
	CONNECTION_FRESH,     /* accepted in this turn */
	CONNECTION_HELD,      /* waiting for a whole head, unread */
	CONNECTION_CLAIMED,   /* waiting for enforcerd's PROOF, unread */
	CONNECTION_READING,   /* the HTTP server reads a request */
	CONNECTION_SERVING,   /* a request waits for its answer */
	CONNECTION_WRITING,   /* the answer is on its way */
	CONNECTION_IDLE,      /* kept for another request */
	CONNECTION_STREAMING, /* server-sent events */
};

/* Who may hold how many connections is decided by this alone. */
enum client {
	CLIENT_TCP,  /* who it is takes enforcerd to say */
	CLIENT_UNIX, /* accepted in this turn: not asked yet */
	CLIENT_USER, /* a unix socket's peer */
	CLIENT_ROOT, /* the same with uid 0 */
	CLIENT_KINDS,
};

enum claim_outcome {
	CLAIM_NONE, /* the first request was none that enforcerd must see */
	CLAIM_WAITING,
	CLAIM_PROVEN, /* enforcerd has answered; proof says what */
	CLAIM_AWAY,   /* enforcerd is not there or did not answer in time */
	CLAIM_SPENT,  /* a decision was passed on, or given up */
};

struct connection {
	TAILQ_ENTRY(connection) entry;
	const struct connection_host *host;
	struct bufferevent *bev;	/* one reference is ours */
	struct evhttp_connection *http; /* from the first request on; borrowed */
	struct event *watch;		/* for the head, while held */
	uint64_t number;		/* never reused */
	int fd;				/* borrowed from bev */
	enum connection_state state;
	uint64_t opened_ns, deadline_ns;
	enum client client;
	uid_t uid;	   /* of a unix socket's peer */
	uint16_t port;	   /* of the listener otherwise */
	unsigned requests; /* that have reached a handler or an error of ours */

	enum claim_outcome claim;
	struct proof proof;
	char proof_user[64], proof_why[256];

	struct evhttp_request *request; /* waiting for its answer, or streaming */
	uint64_t decision;		/* number of the DECIDE it waits for; 0: none */
	uint64_t decision_action;	/* 0: hold or resume */

	unsigned stream_types;
	uint64_t stream_at;	 /* place in the history */
	unsigned stream_stalled; /* heartbeats for which there was no room */
};

static inline bool connection_is_tcp(const struct connection *connection)
{
	return connection->client == CLIENT_TCP;
}

TAILQ_HEAD(connection_list, connection);

/* A new connection around @bev, which has no descriptor yet. NULL when memory is short. */
struct connection *connection_new(
	const struct connection_host *host, struct bufferevent *bev, enum client client);

/* The descriptor is there: asks the kernel on which port or by whose peer. 0 or -errno. */
must_check int connection_meet(struct connection *connection);

/* There is no place for it: says so, unread. The HTTP server ends it at end of file. */
void connection_turn_away(struct connection *connection);

/* It may stay: holds it and watches for the head. 0 or -errno. */
must_check int connection_hold(struct connection *connection, struct event_base *base);

/* Lets the HTTP server read. */
void connection_read(struct connection *connection);

/* trust: enforcerd's word about this connection. Lets it be read. */
void connection_proven(struct connection *connection, const struct frame *frame);

/* enforcerd does not answer: lets it be read, without proof. */
void connection_unproven(struct connection *connection);

/* A request has been read and is being answered now; @request is borrowed. */
void connection_serve(struct connection *connection, struct evhttp_request *request);

/* The answer has been handed to the HTTP server. */
void connection_answered(struct connection *connection);

/* The claim is of no more use: tells enforcerd. */
void connection_unclaim(struct connection *connection);

/* Ends the connection now; calls the host's on_closed. Not from inside one of its own callbacks. */
void connection_drop(struct connection *connection);

/* To be dropped with the next sweep. */
void connection_doom(struct connection *connection);

/* Frees what is ours; the HTTP server has let go of it or will. */
void connection_free(struct connection *connection);
