/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/server.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>

#include "apid/apid.h"
#include "apid/body.h"
#include "apid/connections.h"
#include "apid/decide.h"
#include "apid/exchange.h"
#include "apid/peek.h"
#include "apid/sockets.h"
#include "common/clock.h"
#include "common/link_socket.h"
#include "common/log.h"

#define SWEEP_MS      200
#define KNOWN_METHODS ((EVHTTP_REQ_PATCH << 1) - 1) /* GET is the first, PATCH the last */

/* One way in: all TCP addresses, or the unix socket. */
struct door {
	struct server *server;
	enum client client;
	struct evhttp *http;
	struct evconnlistener *listeners[CONFIG_LISTEN_MAX]; /* owned by http */
	unsigned listener_count;
	bool open;
};

struct server {
	struct apid *apid;
	struct connection_host host;
	struct door tcp, local;
	bool resting;		  /* until the next sweep: accepting has failed */
	struct loop_event *sweep; /* runs while there are connections */
	bool sweeping;
	struct connections connections;
};

/* For the one callback whose context is the HTTP server's and not ours. */
static struct server *serving;

/* Who comes while it is closed waits with the kernel. */
static void set_door(struct door *door)
{
	const struct server *server = door->server;
	bool open = !server->resting && connections_room(&server->connections, door->client);

	if (door->open == open)
		return;
	door->open = open;
	for (unsigned i = 0; i < door->listener_count; i++)
		(void)(open ? evconnlistener_enable(door->listeners[i])
			    : evconnlistener_disable(door->listeners[i]));
}

static void set_doors(struct server *server)
{
	set_door(&server->tcp);
	set_door(&server->local);
}

static void set_sweep(struct server *server, bool on)
{
	if (server->sweeping == on)
		return;
	server->sweeping = on;
	if (on)
		loop_timer_every(server->sweep, SWEEP_MS);
	else
		loop_timer_stop(server->sweep);
}

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
	const struct door *door = ctx;
	struct server *server = door->server;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct connection *c = bev ? connection_new(&server->host, bev, door->client) : NULL;

	if (!c)
		return bev;
	set_sweep(server, true);
	connections_add(&server->connections, c);
	set_doors(server);
	return bev;
}

/* The listener refused to work (no descriptors): the sweep tries again. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct server *server = serving;

	(void)listener;
	(void)ctx;
	log_warn_limited("accept: %s", strerror(errno));
	server->resting = true;
	set_doors(server);
	set_sweep(server, true);
}

/* The HTTP server has let go of it, or will without being asked. */
static void forget(struct connection *c, void *ctx)
{
	struct server *server = ctx;

	connections_remove(&server->connections, c);
	connection_free(c);
}

/* Before anything could be read from it. */
static void let_in(struct server *server, struct connection *c)
{
	struct connections *set = &server->connections;
	int r = connections_settle(set, c, bufferevent_getfd(c->bev));

	if (r == 0)
		r = connection_meet(c);
	if (r == 0)
		r = connections_admit(set, c);
	if (r < 0) {
		server->apid->counts.connections_refused++;
		connection_turn_away(c);
		forget(c, server);
	} else if (connection_hold(c, loop_base(server->apid->loop)) < 0) {
		connection_drop(c);
	}
}

static void after_turn(void *ctx)
{
	struct server *server = ctx;
	struct connection *c;

	while ((c = connections_next_fresh(&server->connections)))
		let_in(server, c);
	set_doors(server);
}

static void on_request(struct evhttp_request *request, void *ctx)
{
	struct server *server = ((struct door *)ctx)->server;
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
	struct connection *c = connections_at(&server->connections, bufferevent_getfd(bev));

	if (c)
		exchange_begin(c, request);
	else
		evhttp_send_error(request, 503, NULL);
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
		decide_late(c);
		break;
	case CONNECTION_STREAMING:
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
		forget(c, server);
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

	server->resting = false;
	for (c = connections_first(&server->connections); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		sweep_one(server, c, now_ns);
	}
	set_sweep(server, connections_any(&server->connections));
}

static int open_door(struct server *server, struct door *door, enum client client)
{
	*door = (struct door){.server = server, .client = client, .open = true};
	door->http = evhttp_new(loop_base(server->apid->loop));
	if (!door->http)
		return -ENOMEM;
	/* What is not known here is answered by the route table, not by the HTTP server. */
	evhttp_set_allowed_methods(door->http, KNOWN_METHODS);
	evhttp_set_max_headers_size(door->http, PEEK_HEAD_MAX);
	evhttp_set_max_body_size(door->http, BODY_BYTES_MAX);
	evhttp_set_flags(door->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(door->http, NULL);
	evhttp_set_bevcb(door->http, on_accept, door);
	evhttp_set_gencb(door->http, on_request, door);
	return 0;
}

static void close_door(struct door *door)
{
	if (door->http)
		evhttp_free(door->http);
}

static int set_up(struct server *s)
{
	int r = open_door(s, &s->tcp, CLIENT_TCP);

	if (r == 0)
		r = open_door(s, &s->local, CLIENT_UNIX);
	if (r == 0)
		r = loop_timer_new(s->apid->loop, on_sweep, s, &s->sweep);
	if (r == 0)
		r = loop_after_turn(s->apid->loop, after_turn, s);
	return r;
}

int server_new(struct apid *apid, struct server **server)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->apid = apid;
	s->host = (struct connection_host){
		.apid = apid,
		.routes = apid->routes,
		.decisions = apid->decisions,
		.on_closed = forget,
		.ctx = s,
	};
	connections_init(&s->connections);
	apid->connections = &s->connections;
	r = set_up(s);
	if (r < 0) {
		server_free(s);
		return r;
	}
	*server = serving = s;
	return 0;
}

void server_free(struct server *server)
{
	struct connection *c;

	if (!server)
		return;
	while (connections_next_fresh(&server->connections))
		;
	close_door(&server->tcp);
	close_door(&server->local);
	while ((c = connections_first(&server->connections)))
		forget(c, server);
	loop_event_free(server->sweep);
	free(server);
}

/* Takes the listening descriptor. */
static int serve(struct door *door, int *fd)
{
	struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle(door->http, *fd);
	struct evconnlistener *listener;

	if (!bound)
		return -ENOMEM;
	(void)TAKE_FD(*fd);
	listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(listener, on_accept_error);
	door->listeners[door->listener_count++] = listener;
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
		r = serve(&server->tcp, &fd);
	if (r < 0)
		return log_err_r(r, "listening on %s", address);
	log_info("listening on http://%s", address);
	return 0;
}

static int listen_local(struct server *server)
{
	char path[CONFIG_TEXT_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	api_socket_path(server->apid->config.api.socket, path, sizeof(path));
	r = socket_listen_unix(path, &fd);
	if (r == 0)
		r = serve(&server->local, &fd);
	return r < 0 ? log_err_r(r, "listening on %s", path) : 0;
}

int server_listen(struct server *server)
{
	const struct config_list *addresses = &server->apid->config.api.listen;

	for (unsigned i = 0; i < MIN(addresses->count, (unsigned)CONFIG_LISTEN_MAX); i++) {
		int r = listen_tcp(server, addresses->items[i]);

		if (r < 0)
			return r;
	}
	return listen_local(server);
}
