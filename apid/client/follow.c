/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/follow.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "apid/client/ask.h"

#define SILENCE_MS  35000 /* the daemon says something every ten seconds */
#define TRIES	    20
#define TRY_EACH_MS 250

struct reader {
	follow_fn *on_event;
	void *ctx;
	char last_id[SSE_NAME_MAX];
};

static int on_event(void *ctx, const struct sse_event *event)
{
	struct reader *reader = ctx;

	memcpy(reader->last_id, event->id, sizeof(reader->last_id));
	return reader->on_event(reader->ctx, event) != 0;
}

/* An answer that is no stream. */
static int refused(const struct client *client, struct http *http)
{
	_cleanup_(reply_done) struct reply reply = {.status = http->head.status};
	size_t len;

	if (http_read_all(http, &reply.body, &len) == 0)
		reply.json = json_loadb(reply.body, len, 0, NULL);
	return reply_fail(client, &reply);
}

/* 1: enough; 0: it has ended; -errno. */
static int read_stream(struct http *http, struct reader *reader)
{
	_cleanup_(sse_done) struct sse sse = {0};
	char buffer[65536];
	long n;
	int r = http_set_timeout(http, SILENCE_MS);

	while (r == 0 && (n = http_read(http, buffer, sizeof(buffer))) > 0)
		r = sse_feed(&sse, buffer, (size_t)n, on_event, reader);
	return r;
}

/* EXIT_OK or EXIT_NO: that is all; -errno: nobody there. @opened: somebody was. */
static int follow_once(
	const struct client *client, const char *path, struct reader *reader, bool *opened)
{
	const struct http_request request = {
		.path = path, .accept = "text/event-stream", .last_event_id = reader->last_id};
	_cleanup_(http_close) struct http http = {.fd = -1};
	int r = http_open(&http, &client->endpoint, &request);

	if (r < 0)
		return r;
	if (http.head.status != 200 || !http.head.is_events)
		return refused(client, &http);
	*opened = true;
	r = read_stream(&http, reader);
	if (r < 0)
		return fail("no memory for an event");
	return r > 0 ? EXIT_OK : -ECONNRESET;
}

int follow(const struct client *client, const char *path, follow_fn *callback, void *ctx)
{
	const struct timespec pause = {.tv_nsec = TRY_EACH_MS * NSEC_PER_MSEC};
	struct reader reader = {.on_event = callback, .ctx = ctx};
	bool opened = false;
	int r = follow_once(client, path, &reader, &opened);

	for (int left = opened ? TRIES : 0; r < 0 && left > 0; left--) {
		bool again = false;

		nanosleep(&pause, NULL);
		r = follow_once(client, path, &reader, &again);
		if (again)
			left = TRIES;
	}
	return r < 0 ? fail_unreachable(&client->endpoint, r) : r;
}
