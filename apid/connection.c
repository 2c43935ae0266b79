/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apid/peek.h"
#include "apid/sockets.h"
#include "common/clock.h"
#include "common/link_socket.h"

#define READ_AHEAD_BYTES 65536 /* above head and body together */

struct connection *connection_new(
	const struct connection_host *host, struct bufferevent *bev, enum client client)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	bufferevent_incref(bev);
	bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD_BYTES);
	bufferevent_set_max_single_write(bev, SOCKET_SEND_BYTES);
	c->host = host;
	c->bev = bev;
	c->client = client;
	c->fd = -1;
	c->state = CONNECTION_FRESH;
	c->opened_ns = clock_boottime_ns();
	c->deadline_ns = c->opened_ns + CONNECTION_REQUEST_NS;
	return c;
}

static void stop_watching(struct connection *c)
{
	if (c->watch)
		event_free(TAKE_PTR(c->watch));
}

void connection_read(struct connection *c)
{
	stop_watching(c);
	c->state = CONNECTION_READING;
	c->deadline_ns = c->opened_ns + CONNECTION_REQUEST_NS;
	bufferevent_enable(c->bev, EV_READ);
}

static void claim(struct connection *c)
{
	const struct claim claim = {.connection = c->number};

	stop_watching(c);
	c->state = CONNECTION_CLAIMED;
	c->claim = CLAIM_WAITING;
	c->deadline_ns = clock_boottime_ns() + CONNECTION_CLAIM_NS;
	if (link_send_fd(c->host->decisions, FRAME_CLAIM, &claim, NULL, c->fd) < 0) {
		c->claim = CLAIM_AWAY;
		connection_read(c);
	}
}

static void on_head(evutil_socket_t fd, short what, void *ctx)
{
	struct connection *c = ctx;
	static char head[PEEK_HEAD_MAX];
	ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	enum peek peek;

	if (n < 0 && errno == EAGAIN)
		return;
	peek = n > 0 ? peek_head(c->host->routes, head, (size_t)n) : PEEK_PLAIN;
	if (peek == PEEK_CLAIM)
		claim(c);
	else if (peek == PEEK_PLAIN || what & EV_CLOSED)
		connection_read(c);
}

static int read_port(struct connection *c)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t len = sizeof(address);

	if (getsockname(c->fd, &address.any, &len) < 0)
		return -errno;
	c->port = ntohs(
		address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	return 0;
}

int connection_meet(struct connection *c)
{
	const int bytes = SOCKET_SEND_BYTES;

	if (connection_is_tcp(c))
		return read_port(c);
	/* TCP sockets have it from their listener */
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return link_socket_peer(c->fd, &c->uid);
}

void connection_turn_away(struct connection *c)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
				     "Connection: close\r\nContent-Length: 0\r\n\r\n";
	int fd = bufferevent_getfd(c->bev);

	(void)!write(fd, answer, sizeof(answer) - 1);
	shutdown(fd, SHUT_RDWR);
}

int connection_hold(struct connection *c, struct event_base *base)
{
	bufferevent_disable(c->bev, EV_READ);
	/* Edge-triggered: bytes that were looked at and left are no news. */
	c->watch = event_new(base, c->fd, EV_READ | EV_CLOSED | EV_PERSIST | EV_ET, on_head, c);
	if (!c->watch || event_add(c->watch, NULL) < 0)
		return -ENOMEM;
	c->state = CONNECTION_HELD;
	return 0;
}

void connection_proven(struct connection *c, const struct frame *frame)
{
	c->claim = CLAIM_PROVEN;
	c->proof = *(const struct proof *)frame->payload;
	text_copy(frame_text(frame, 0), c->proof_user, sizeof(c->proof_user));
	text_copy(frame_text(frame, 1), c->proof_why, sizeof(c->proof_why));
	connection_read(c);
}

void connection_unproven(struct connection *c)
{
	connection_unclaim(c);
	c->claim = CLAIM_AWAY;
	connection_read(c);
}

void connection_unclaim(struct connection *c)
{
	const struct unclaim unclaim = {.connection = c->number};

	if (c->claim != CLAIM_WAITING && c->claim != CLAIM_PROVEN)
		return;
	/* Without a link enforcerd has dropped all claims by itself. */
	(void)!link_send(c->host->decisions, FRAME_UNCLAIM, &unclaim, NULL);
	c->claim = CLAIM_SPENT;
}

static void on_complete(struct evhttp_request *request, void *ctx)
{
	struct connection *c = ctx;

	(void)request;
	c->request = NULL;
	c->state = CONNECTION_IDLE;
	c->deadline_ns = clock_boottime_ns() + CONNECTION_IDLE_NS;
}

static void on_closed(struct evhttp_connection *http, void *ctx)
{
	struct connection *c = ctx;

	(void)http;
	c->host->on_closed(c, c->host->ctx);
}

void connection_serve(struct connection *c, struct evhttp_request *request)
{
	c->http = evhttp_request_get_connection(request);
	c->request = request;
	c->requests++;
	c->state = CONNECTION_SERVING;
	c->deadline_ns = clock_boottime_ns() + CONNECTION_SERVE_NS;
	evhttp_connection_set_closecb(c->http, on_closed, c);
	evhttp_request_set_on_complete_cb(request, on_complete, c);
}

void connection_answered(struct connection *c)
{
	c->state = CONNECTION_WRITING;
	c->deadline_ns = clock_boottime_ns() + CONNECTION_WRITE_NS;
	c->decision = 0;
	connection_unclaim(c);
	/* A client that has closed its sending side still gets its answer. */
	bufferevent_disable(c->bev, EV_READ);
}

void connection_drop(struct connection *c)
{
	if (c->http) {
		evhttp_connection_free(c->http);
		return;
	}
	/* Nothing names the HTTP server's end of a connection without a request: it ends it at end
	 * of file. */
	shutdown(c->fd, SHUT_RDWR);
	connection_read(c);
}

void connection_doom(struct connection *c)
{
	c->deadline_ns = 0;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	stop_watching(c);
	connection_unclaim(c);
	/* A request whose connection broke away under it is ours to free. */
	if (c->request && !evhttp_request_get_connection(c->request))
		evhttp_request_free(c->request);
	bufferevent_decref(c->bev);
	free(c);
}
