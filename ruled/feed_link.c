/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/feed_link.h"

#include <errno.h>
#include <stdio.h>

#include "ruled/detector.h"
#include "ruled/resumes.h"

#define QUEUE_BYTES_MAX (1U << 20)

/* States are told again each second: one that finds no room is left out. */
static void send_best_effort(
	struct feed_link *feed, unsigned type, const void *payload, const struct text *texts)
{
	(void)!link_send(feed->link, type, payload, texts);
}

static void send_frame(struct feed_link *feed, const struct frame *frame)
{
	struct text texts[FRAME_TEXTS_MAX];

	frame_texts(frame, texts);
	send_best_effort(feed, frame->header.type, frame->payload, texts);
}

static void send_last(struct feed_link *feed, unsigned type)
{
	const struct frame *frame;
	unsigned cursor = 0;

	while ((frame = last_frames_next(&feed->last, type, &cursor)))
		send_frame(feed, frame);
}

/* What in a rule's state is worth telling again. */
static uint64_t state_of(const struct rule *rule)
{
	return (rule->fired << 16 | rule->active) ^ rule->muted_until_wall_ns;
}

static void send_rule(struct feed_link *feed, unsigned index)
{
	struct rule payload;
	const struct rule_def *rule = engine_rule(feed->engine, index, &payload);
	const struct text texts[] = {text_of(rule->name), text_of(rule->detector->name)};

	payload.generation = feed->rules.generation;
	if (index < feed->rules.count)
		feed->rules.told[index] = state_of(&payload);
	send_best_effort(feed, FRAME_RULE, &payload, texts);
}

static void send_mutes(struct feed_link *feed)
{
	const struct mutes *mutes = engine_mutes(feed->engine);

	for (const struct muted *m = NULL; (m = mutes_next(mutes, m));) {
		const struct mute payload = {
			.until_wall_ns = m->until_wall_ns, .kind = (uint16_t)m->kind};

		send_best_effort(feed, FRAME_MUTE, &payload,
			(struct text[]){text_of(m->what), text_of(m->by)});
	}
}

static void send_rules(struct feed_link *feed)
{
	const struct rules payload = {
		.generation = feed->rules.generation,
		.loaded = engine_rules(feed->engine),
		.reload_success = feed->rules.reload_success,
	};
	const struct text texts[] = {text_of(feed->rules.error)};

	send_best_effort(feed, FRAME_RULES, &payload, texts);
	for (unsigned i = 0; i < payload.loaded; i++)
		send_rule(feed, i);
}

/* In order; stops where the link has no room and goes on when it has. */
static void send_reliable(struct feed_link *feed)
{
	const struct feed_entry *entry;

	while ((entry = feed_queue_unsent(&feed->queue))) {
		struct text texts[FRAME_TEXTS_MAX];

		frame_texts(&entry->frame, texts);
		if (link_send(feed->link, entry->frame.header.type, entry->frame.payload, texts) <
			0)
			return;
		feed_queue_sent(&feed->queue, link_sequence(feed->link));
	}
}

/*
 * What waits is sent at once and not only after RESUMED: ids of two ruleds never clash, and an
 * incident of ours that apid gets first is none that it has to tell us.
 */
static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct feed_link *feed = ctx;

	(void)link, (void)peer;
	feed->resumed = false;
	feed->resumes = 0;
	send_last(feed, FRAME_HOST);
	send_last(feed, FRAME_TICK);
	send_last(feed, FRAME_PROBE);
	send_rules(feed);
	send_mutes(feed);
	send_last(feed, FRAME_COUNTERS);
	send_last(feed, FRAME_PROGRAM);
	send_last(feed, FRAME_SELF);
	send_reliable(feed);
}

static void on_down(struct link *link, void *ctx)
{
	(void)link;
	feed_queue_disconnected(&((struct feed_link *)ctx)->queue);
}

static void on_room(struct link *link, void *ctx)
{
	(void)link;
	send_reliable(ctx);
}

static int on_ack(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct ack *ack = frame->payload;

	(void)fd;
	/* trust: apid can only acknowledge what it was sent */
	if (ack->sequence > link_sequence(link))
		return -EPROTO;
	feed_queue_acknowledge(&((struct feed_link *)ctx)->queue, ack->sequence);
	return 0;
}

static int on_resume(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct feed_link *feed = ctx;

	(void)link, (void)fd;
	/* trust: one bounded list a connection; what it can do to us is bounded in engine_incidents.c */
	if (feed->resumed || feed->resumes == RESUMES_MAX)
		return -EPROTO;
	feed->resumes++;
	engine_resume(feed->engine, frame->payload, frame_text(frame, 0));
	return 0;
}

static int on_resumed(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct feed_link *feed = ctx;

	(void)link, (void)frame, (void)fd;
	if (feed->resumed)
		return -EPROTO;
	feed->resumed = true;
	return 0;
}

static const struct link_handlers handlers[] = {
	{FRAME_ACK, on_ack},
	{FRAME_RESUME, on_resume},
	{FRAME_RESUMED, on_resumed},
};

static const struct link_def def = {
	.name = "feed",
	.socket = "apid/feed.sock",
	.self = ROLE_RULED,
	.peer = ROLE_APID,
	.in = WAY_FEED_DOWN,
	.out = WAY_FEED_UP,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
	.on_room = on_room,
};

int feed_link_new(
	struct feed_link *feed, struct loop *loop, struct engine *engine, uid_t apid_uid)
{
	*feed = (struct feed_link){.engine = engine};
	feed_queue_init(&feed->queue);
	return link_new(loop, &def, apid_uid, feed, &feed->link);
}

int feed_link_open(struct feed_link *feed)
{
	return link_open(feed->link);
}

void feed_link_done(struct feed_link *feed)
{
	link_free(TAKE_PTR(feed->link));
	feed_queue_done(&feed->queue);
	last_frames_done(&feed->last);
	free(TAKE_PTR(feed->rules.told));
}

void feed_link_pass_on(struct feed_link *feed, const struct frame *frame)
{
	last_frames_keep(&feed->last, frame);
	send_frame(feed, frame);
}

void feed_link_self(struct feed_link *feed, const struct self *self)
{
	const struct frame frame = {
		.header = {.length = sizeof(struct frame_header) + sizeof(*self),
			.type = FRAME_SELF},
		.spec = frame_spec(FRAME_SELF),
		.payload = self,
		.tail = "",
	};

	feed_link_pass_on(feed, &frame);
}

void feed_link_tell(
	struct feed_link *feed, unsigned type, const void *payload, const struct text *texts)
{
	if (feed_queue_add(&feed->queue, type, payload, texts) == 0)
		send_reliable(feed);
}

void feed_link_rules(struct feed_link *feed, const char *error)
{
	feed->rules.reload_success = error[0] == '\0';
	snprintf(feed->rules.error, sizeof(feed->rules.error), "%s", error);
	if (feed->rules.reload_success) {
		uint64_t *told = calloc(engine_rules(feed->engine) + 1, sizeof(*told));

		feed->rules.generation++;
		free(feed->rules.told);
		feed->rules.told = told;
		feed->rules.count = told ? engine_rules(feed->engine) : 0;
	}
	send_rules(feed);
}

static void send_changed_rules(struct feed_link *feed)
{
	for (unsigned i = 0; i < feed->rules.count; i++) {
		struct rule rule;

		engine_rule(feed->engine, i, &rule);
		if (state_of(&rule) != feed->rules.told[i])
			send_rule(feed, i);
	}
}

void feed_link_mute(struct feed_link *feed, const struct frame *frame)
{
	send_frame(feed, frame);
	send_changed_rules(feed);
}

void feed_link_second(struct feed_link *feed)
{
	struct detection detection = {
		.unacknowledged = feed->queue.count,
		.discarded = feed->queue.discarded,
		.delay_last_ns = feed->delay_last_ns,
	};

	engine_detection(feed->engine, &detection);
	send_best_effort(feed, FRAME_DETECTION, &detection, NULL);
	send_changed_rules(feed);
}
