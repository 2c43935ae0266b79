/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/server.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>

#include "apid/apid.h"
#include "apid/body.h"
#include "apid/decide.h"
#include "apid/exchange.h"
#include "apid/peek.h"
#include "apid/sockets.h"
#include "common/link_socket.h"
#include "common/clock.h"
#include "common/log.h"

#define SWEEP_MS      200
#define KNOWN_METHODS ((EVHTTP_REQ_PATCH << 1) - 1) /* GET is the first, PATCH the last */
#define LISTENERS_MAX (CONFIG_LISTEN_MAX + 1)

struct server {
	struct apid *apid;
	struct evhttp *http;
	struct evconnlistener *listeners[LISTENERS_MAX]; /* owned by http */
	unsigned listener_count;
	bool accepting;
	struct loop_event *sweep; /* runs while there are connections */
	struct connection_list fresh, all;
	struct connection *by_fd[SERVER_FDS_MAX];
	unsigned count, streams;
	uint64_t last_number;
};

struct apid *server_apid(struct server *server)
{
	return server->apid;
}

const struct connection_list *server_connections(const struct server *server)
{
	return &server->all;
}

unsigned server_streams(const struct server *server)
{
	return server->streams;
}

unsigned server_held(const struct server *server)
{
	return server->count - server->streams;
}

static void accept_more(struct server *server, bool more)
{
	if (server->accepting == more)
		return;
	server->accepting = more;
	for (unsigned i = 0; i < server->listener_count; i++)
		(void)(more ? evconnlistener_enable(server->listeners[i])
			    : evconnlistener_disable(server->listeners[i]));
}

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
	struct server *server = ctx;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct connection *c = bev ? connection_new(server, bev, server->last_number + 1) : NULL;

	if (!c)
		return bev;
	server->last_number++;
	TAILQ_INSERT_TAIL(&server->fresh, c, entry);
	if (server->count++ == 0)
		loop_timer_every(server->sweep, SWEEP_MS);
	if (server_held(server) >= SERVER_CONNECTIONS_MAX)
		accept_more(server, false);
	return bev;
}

/* The listener refused to work (no descriptors): the sweep tries again. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct server *server = ctx;

	(void)listener;
	log_warn_limited("accept: %s", strerror(errno));
	accept_more(server, false);
	loop_timer_every(server->sweep, SWEEP_MS);
}

/* After the turn in which they were accepted, before anything could be read from them. */
static void hold_fresh(void *ctx)
{
	struct server *server = ctx;
	struct connection *c;

	while ((c = TAILQ_FIRST(&server->fresh))) {
		TAILQ_REMOVE(&server->fresh, c, entry);
		TAILQ_INSERT_TAIL(&server->all, c, entry);
		c->fd = bufferevent_getfd(c->bev);
		if (c->fd < 0 || c->fd >= SERVER_FDS_MAX) {
			server_forget(server, c);
			continue;
		}
		server->by_fd[c->fd] = c;
		if (connection_hold(c, loop_base(server->apid->loop)) < 0)
			connection_drop(c);
	}
}

void server_forget(struct server *server, struct connection *c)
{
	TAILQ_REMOVE(&server->all, c, entry);
	if (c->fd >= 0 && c->fd < SERVER_FDS_MAX && server->by_fd[c->fd] == c)
		server->by_fd[c->fd] = NULL;
	server->count--;
	if (c->state == CONNECTION_STREAMING)
		server->streams--;
	connection_free(c);
	if (server_held(server) < SERVER_CONNECTIONS_MAX)
		accept_more(server, true);
}

struct connection *server_connection(struct server *server, struct evhttp_request *request)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
	int fd = bufferevent_getfd(bev);

	return fd >= 0 && fd < SERVER_FDS_MAX ? server->by_fd[fd] : NULL;
}

struct connection *server_find(struct server *server, uint64_t number)
{
	struct connection *c;

	TAILQ_FOREACH (c, &server->all, entry)
		if (c->number == number)
			return c;
	return NULL;
}

struct connection *server_find_decision(struct server *server, uint64_t decision)
{
	struct connection *c;

	TAILQ_FOREACH (c, &server->all, entry)
		if (c->decision == decision && decision != 0)
			return c;
	return NULL;
}

int server_stream(struct server *server, struct connection *c)
{
	if (server->streams >= SERVER_STREAMS_MAX)
		return -ENOBUFS;
	server->streams++;
	c->state = CONNECTION_STREAMING;
	c->deadline_ns = UINT64_MAX;
	if (server_held(server) < SERVER_CONNECTIONS_MAX)
		accept_more(server, true);
	return 0;
}

/* The HTTP server has freed its end without telling: it takes its callbacks with it. */
static bool let_go(struct connection *c)
{
	bufferevent_event_cb on_event = NULL;

	bufferevent_getcb(c->bev, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static void on_late(struct server *server, struct connection *c)
{
	switch (c->state) {
	case CONNECTION_CLAIMED:
		server->apid->counts.unproven++;
		connection_unproven(c);
		break;
	case CONNECTION_SERVING:
		decide_late(server->apid, c);
		break;
	case CONNECTION_STREAMING:
		connection_drop(c);
		break;
	case CONNECTION_IDLE:
		connection_drop(c);
		break;
	default:
		server->apid->counts.slow_requests++;
		connection_drop(c);
		break;
	}
}

static void sweep_one(struct server *server, struct connection *c, uint64_t now_ns)
{
	if (let_go(c)) {
		server_forget(server, c);
		return;
	}
	if (c->state == CONNECTION_IDLE && evbuffer_get_length(bufferevent_get_input(c->bev)) > 0) {
		c->state = CONNECTION_READING;
		c->deadline_ns = now_ns + CONNECTION_REQUEST_NS;
	}
	if (now_ns >= c->deadline_ns)
		on_late(server, c);
}

static void on_sweep(void *ctx)
{
	struct server *server = ctx;
	uint64_t now_ns = clock_boottime_ns();
	struct connection *c, *next;

	for (c = TAILQ_FIRST(&server->all); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		sweep_one(server, c, now_ns);
	}
	if (server_held(server) < SERVER_CONNECTIONS_MAX)
		accept_more(server, true);
	if (server->count == 0)
		loop_timer_stop(server->sweep);
}

static void set_up_http(struct server *server)
{
	/* What is not known here is answered by the route table, not by the HTTP server. */
	evhttp_set_allowed_methods(server->http, KNOWN_METHODS);
	evhttp_set_max_headers_size(server->http, PEEK_HEAD_MAX);
	evhttp_set_max_body_size(server->http, BODY_BYTES_MAX);
	evhttp_set_flags(server->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(server->http, NULL);
	evhttp_set_bevcb(server->http, on_accept, server);
	evhttp_set_gencb(server->http, exchange_begin, server);
}

int server_new(struct apid *apid, struct server **server)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->apid = apid;
	s->accepting = true;
	TAILQ_INIT(&s->fresh);
	TAILQ_INIT(&s->all);
	s->http = evhttp_new(loop_base(apid->loop));
	r = s->http ? loop_timer_new(apid->loop, on_sweep, s, &s->sweep) : -ENOMEM;
	if (r == 0)
		r = loop_after_turn(apid->loop, hold_fresh, s);
	if (r < 0) {
		server_free(s);
		return r;
	}
	set_up_http(s);
	*server = s;
	return 0;
}

void server_free(struct server *server)
{
	struct connection *c;

	if (!server)
		return;
	TAILQ_CONCAT(&server->all, &server->fresh, entry);
	if (server->http)
		evhttp_free(server->http);
	while ((c = TAILQ_FIRST(&server->all)))
		server_forget(server, c);
	loop_event_free(server->sweep);
	free(server);
}

/* Takes the listening descriptor. */
static int serve(struct server *server, int *fd)
{
	struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(server->http, *fd);
	struct evconnlistener *listener;

	if (!bound)
		return -ENOMEM;
	(void)TAKE_FD(*fd);
	listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(listener, on_accept_error);
	server->listeners[server->listener_count++] = listener;
	return 0;
}

static int listen_tcp(struct server *server, const char *address)
{
	_cleanup_close_ int fd = -1;
	int r = socket_listen_tcp(address, &fd);

	if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL) {
		log_info("%s: this host has no such address, going on without", address);
		return 0;
	}
	if (r == 0)
		r = serve(server, &fd);
	if (r < 0)
		return log_err_r(r, "listening on %s", address);
	log_info("listening on http://%s", address);
	return 0;
}

int server_listen(struct server *server)
{
	const struct config *config = &server->apid->config;
	char path[CONFIG_TEXT_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	for (unsigned i = 0; i < MIN(config->api.listen.count, (unsigned)CONFIG_LISTEN_MAX); i++) {
		r = listen_tcp(server, config->api.listen.items[i]);
		if (r < 0)
			return r;
	}
	api_socket_path(config->api.socket, path, sizeof(path));
	r = socket_listen_unix(path, &fd);
	if (r == 0)
		r = serve(server, &fd);
	if (r < 0)
		return log_err_r(r, "listening on %s", path);
	return 0;
}
