/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/ruled_link.h"

#define QUEUE_BYTES_MAX (1 << 20)

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct ruled_link *self = ctx;

	(void)link;
	(void)peer;
	stream_up(self->stream);
}

static void on_down(struct link *link, void *ctx)
{
	struct ruled_link *self = ctx;

	(void)link;
	stream_down(self->stream);
}

static void on_room(struct link *link, void *ctx)
{
	struct ruled_link *self = ctx;

	(void)link;
	stream_room(self->stream);
}

static int on_want(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct want *want = frame->payload;
	struct ruled_link *self = ctx;

	(void)link;
	(void)fd;
	/* trust: ruled can make each pass dearer, within collector.cpu_budget_pct */
	stream_want_connections(self->stream, want->connections);
	return 0;
}

static const struct link_handlers handlers[] = {
	{FRAME_WANT, on_want},
};

static const struct link_def def = {
	.name = "events",
	.socket = "ruled/events.sock",
	.self = ROLE_COLLECTORD,
	.peer = ROLE_RULED,
	.in = WAY_EVENTS_DOWN,
	.out = WAY_EVENTS_UP,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
	.on_room = on_room,
};

static int send_frame(void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	struct ruled_link *self = ctx;

	return link_send(self->link, type, payload, texts);
}

static bool is_flushed(void *ctx)
{
	struct ruled_link *self = ctx;

	return link_queued(self->link) == 0;
}

int ruled_link_new(struct ruled_link *link, struct loop *loop, uid_t ruled_uid)
{
	link->out = (struct out){send_frame, is_flushed, link};
	return link_new(loop, &def, ruled_uid, link, &link->link);
}

int ruled_link_open(struct ruled_link *link)
{
	return link_open(link->link);
}

void ruled_link_done(struct ruled_link *link)
{
	link_free(link->link);
	link->link = NULL;
}
