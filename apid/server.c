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
#include "common/log.h"

#define SWEEP_MS      200
#define KNOWN_METHODS ((EVHTTP_REQ_PATCH << 1) - 1) /* GET is the first, PATCH the last */
#define LISTENERS_MAX (CONFIG_LISTEN_MAX + 1)

struct server {
	struct apid *apid;
	struct connection_host host;
	struct evhttp *http;
	struct evconnlistener *listeners[LISTENERS_MAX]; /* owned by http */
	unsigned listener_count;
	bool accepting;
	bool resting;		  /* until the next sweep: accepting has failed */
	struct loop_event *sweep; /* runs while there are connections */
	struct connections connections;
};

/* For the one callback whose context is the HTTP server's and not ours. */
static struct server *serving;

/* Who comes while we do not accept waits with the kernel. */
static void set_accepting(struct server *server)
{
	bool accepting = !server->resting && connections_room(&server->connections);

	if (server->accepting == accepting)
		return;
	server->accepting = accepting;
	for (unsigned i = 0; i < server->listener_count; i++)
		(void)(accepting ? evconnlistener_enable(server->listeners[i])
				 : evconnlistener_disable(server->listeners[i]));
}

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
	struct server *server = ctx;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct connection *c = bev ? connection_new(&server->host, bev) : NULL;

	if (!c)
		return bev;
	if (server->connections.count == 0)
		loop_timer_every(server->sweep, SWEEP_MS);
	connections_add(&server->connections, c);
	set_accepting(server);
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
	set_accepting(server);
	loop_timer_every(server->sweep, SWEEP_MS);
}

/* The HTTP server has let go of it, or will without being asked. */
static void forget(struct connection *c, void *ctx)
{
	struct server *server = ctx;

	connections_remove(&server->connections, c);
	connection_free(c);
}

/* Before anything could be read from it. */
static void hold(struct server *server, struct connection *c)
{
	if (connections_settle(&server->connections, c, bufferevent_getfd(c->bev)) < 0)
		forget(c, server);
	else if (connection_hold(c, loop_base(server->apid->loop)) < 0)
		connection_drop(c);
}

static void after_turn(void *ctx)
{
	struct server *server = ctx;
	struct connection *c;

	while ((c = connections_next_fresh(&server->connections)))
		hold(server, c);
	set_accepting(server);
}

static void on_request(struct evhttp_request *request, void *ctx)
{
	struct server *server = ctx;
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
	if (server->connections.count == 0)
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
	evhttp_set_gencb(server->http, on_request, server);
}

int server_new(struct apid *apid, struct server **server)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->apid = apid;
	s->accepting = true;
	s->host = (struct connection_host){
		.apid = apid,
		.routes = apid->routes,
		.decisions = apid->decisions,
		.on_closed = forget,
		.ctx = s,
	};
	connections_init(&s->connections);
	apid->connections = &s->connections;
	s->http = evhttp_new(loop_base(apid->loop));
	r = s->http ? loop_timer_new(apid->loop, on_sweep, s, &s->sweep) : -ENOMEM;
	if (r == 0)
		r = loop_after_turn(apid->loop, after_turn, s);
	if (r < 0) {
		server_free(s);
		return r;
	}
	set_up_http(s);
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
	if (server->http)
		evhttp_free(server->http);
	while ((c = connections_first(&server->connections)))
		forget(c, server);
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
	socket_api_path(config->api.socket, path, sizeof(path));
	r = socket_listen_unix(path, &fd);
	if (r == 0)
		r = serve(server, &fd);
	if (r < 0)
		return log_err_r(r, "listening on %s", path);
	return 0;
}
