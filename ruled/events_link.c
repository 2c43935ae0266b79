/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/events_link.h"

#include "common/log.h"
#include "ruled/detector.h"

/* Nothing but HELLO and WANT goes to collectord. */
#define QUEUE_BYTES_MAX 4096

static int on_event(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct events_link *self = ctx;

	(void)link, (void)fd;
	/* trust: collectord says what happened; the engine bounds what it keeps of it */
	engine_frame(self->engine, frame);
	return 0;
}

static int on_state(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct events_link *self = ctx;

	feed_link_pass_on(self->feed, frame);
	return on_event(link, frame, fd, ctx);
}

/* The table is whole: readers need not wait for the next second to hear it. */
static int on_pass_end(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	int r = on_event(link, frame, fd, ctx);

	feed_link_second(((struct events_link *)ctx)->feed);
	return r;
}

static const struct link_handlers handlers[] = {
	{FRAME_FORK, on_event},
	{FRAME_EXEC, on_event},
	{FRAME_EXIT, on_event},
	{FRAME_CGROUP, on_event},
	{FRAME_OOM, on_event},
	{FRAME_EXIT_INFERRED, on_event},
	{FRAME_HOST_SAMPLE, on_event},
	{FRAME_SAMPLE_BEGIN, on_event},
	{FRAME_SAMPLE, on_event},
	{FRAME_SAMPLE_END, on_pass_end},
	{FRAME_SELF, on_state},
	{FRAME_HOST, on_state},
	{FRAME_PROBE, on_state},
	{FRAME_TICK, on_state},
	{FRAME_COUNTERS, on_state},
	{FRAME_PROGRAM, on_state},
};

static struct want wanted(const struct engine *engine)
{
	struct want want = {0};

	for (unsigned i = 0; i < engine_rules(engine); i++) {
		struct rule payload;

		want.connections |= engine_rule(engine, i, &payload)->detector->gauge == GAUGE_CONNECTIONS;
	}
	return want;
}

static void send_want(struct events_link *self, struct want want)
{
	int r = link_send(self->link, FRAME_WANT, &want, NULL);

	if (r < 0)
		log_warn_r(r, "telling collectord what the rules need");
	else
		self->told = want;
}

void events_link_want(struct events_link *self)
{
	struct want want = wanted(self->engine);

	if (link_is_up(self->link) && want.connections != self->told.connections)
		send_want(self, want);
}

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct events_link *self = ctx;

	(void)link, (void)peer;
	send_want(self, wanted(self->engine));
}

static void on_down(struct link *link, void *ctx)
{
	static const struct self down = {.role = ROLE_COLLECTORD};
	struct events_link *self = ctx;

	(void)link;
	engine_unsync(self->engine);
	feed_link_self(self->feed, &down);
}

static const struct link_def def = {
	.name = "events",
	.socket = "ruled/events.sock",
	.group = "linnix-events",
	.self = ROLE_RULED,
	.peer = ROLE_COLLECTORD,
	.in = WAY_EVENTS_UP,
	.out = WAY_EVENTS_DOWN,
	.listens = true,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int events_link_new(struct events_link *self, struct loop *loop, struct engine *engine,
	struct feed_link *feed, uid_t collectord_uid)
{
	*self = (struct events_link){.engine = engine, .feed = feed};
	return link_new(loop, &def, collectord_uid, self, &self->link);
}

int events_link_open(struct events_link *self)
{
	return link_open(self->link);
}

void events_link_done(struct events_link *self)
{
	link_free(TAKE_PTR(self->link));
}
