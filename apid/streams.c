/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/streams.h"

#include <string.h>

#include "apid/connections.h"
#include "common/log.h"

#define FILL_BYTES  65536 /* handed to the HTTP server before the reader has taken it */
#define STALLED_MAX 3	  /* heartbeats */

static void advance(struct connection *c);

static size_t waiting_bytes(struct connection *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static void on_drained(struct evhttp_connection *http, void *ctx)
{
	(void)http;
	advance(ctx);
}

/* Sends what @buffer holds. */
static void send_chunk(struct connection *c, struct evbuffer *buffer)
{
	if (evbuffer_get_length(buffer) > 0)
		evhttp_send_reply_chunk_with_cb(c->request, buffer, on_drained, c);
}

/* Hands over events until enough is under way. */
static void pump(struct connection *c)
{
	const struct history *history = &c->host->apid->history;
	struct evbuffer *buffer = evbuffer_new();
	const struct history_event *event;
	size_t waiting = waiting_bytes(c);

	if (!buffer)
		return;
	while (waiting + evbuffer_get_length(buffer) < FILL_BYTES &&
		(event = history_next(history, c->stream_types, &c->stream_at))) {
		evbuffer_add(buffer, event->text, event->len);
		c->stream_at++;
	}
	send_chunk(c, buffer);
	evbuffer_free(buffer);
}

static bool is_doomed(const struct connection *c)
{
	return c->deadline_ns == 0;
}

/* It is swept soon; until then it gets nothing more. */
static void end_slow(struct connection *c)
{
	c->host->apid->counts.slow_streams++;
	connection_doom(c);
}

static void advance(struct connection *c)
{
	if (is_doomed(c))
		return;
	if (history_lost(&c->host->apid->history, c->stream_at))
		end_slow(c);
	else
		pump(c);
}

static void send_comment(struct connection *c)
{
	struct evbuffer *buffer = evbuffer_new();

	if (!buffer)
		return;
	evbuffer_add(buffer, ":\n\n", 3);
	send_chunk(c, buffer);
	evbuffer_free(buffer);
}

void stream_open(struct exchange *e, unsigned types)
{
	struct connection *c = e->connection;

	if (e->method == METHOD_HEAD) {
		answer_body(e, 200, "text/event-stream", NULL);
		return;
	}
	if (answer_stream(e) < 0)
		return;
	c->stream_types = types;
	c->stream_at = history_resume(&e->apid->history,
		e->headers.count[HEADER_LAST_EVENT_ID] == 1 ? e->headers.value[HEADER_LAST_EVENT_ID]
							    : NULL);
	pump(c);
}

void streams_publish(struct apid *apid, unsigned type, const char *json)
{
	struct connection *c = connections_first(apid->connections);

	if (history_add(&apid->history, type, json) < 0) {
		log_warn_limited("no memory for an event: streams miss it");
		return;
	}
	for (; c; c = TAILQ_NEXT(c, entry))
		if (c->state == CONNECTION_STREAMING)
			advance(c);
}

void streams_heartbeat(struct apid *apid)
{
	struct connection *c = connections_first(apid->connections);

	for (; c; c = TAILQ_NEXT(c, entry)) {
		if (c->state != CONNECTION_STREAMING || is_doomed(c))
			continue;
		if (waiting_bytes(c) == 0) {
			c->stream_stalled = 0;
			send_comment(c);
		} else if (++c->stream_stalled == STALLED_MAX) {
			end_slow(c);
		}
	}
}
