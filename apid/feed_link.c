/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/feed_link.h"

#include <errno.h>

#include "apid/feed_incidents.h"
#include "apid/streams.h"
#include "common/account.h"
#include "common/clock.h"
#include "common/log.h"

#define QUEUE_BYTES_MAX (2U << 20) /* ACKs and, at first, the open incidents: ruled reads */

_Static_assert(FEED_RESUME_BYTES_MAX <= QUEUE_BYTES_MAX / 2, "RESUMEs leave room for ACKs");

static int on_self(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;
	const struct self *self = frame->payload;

	(void)link;
	(void)fd;
	if (self->role != ROLE_COLLECTORD && self->role != ROLE_RULED)
		return -EPROTO;
	suite_self(&apid->suite, self, clock_boottime_ns());
	return 0;
}

static int on_host(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	suite_host(&((struct apid *)ctx)->suite, frame);
	return 0;
}

static int on_probe(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	suite_probe(&((struct apid *)ctx)->suite, frame);
	return 0;
}

static int on_program(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	suite_program(&((struct apid *)ctx)->suite, frame);
	return 0;
}

static int on_tick(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)frame;
	(void)fd;
	(void)ctx;
	return 0; /* nothing here is counted in ruled's time */
}

static int on_counters(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	suite_counters(&((struct apid *)ctx)->suite, frame->payload, clock_boottime_ns());
	return 0;
}

static int on_detection(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;

	(void)link;
	(void)fd;
	apid->suite.detection = *(const struct detection *)frame->payload;
	return 0;
}

static int on_mute(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	mutes_told(&((struct apid *)ctx)->mutes, frame, clock_wall_ns());
	return 0;
}

static int on_rules(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	return rulebook_set(&((struct apid *)ctx)->rules, frame);
}

static int on_rule(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	return rulebook_rule(&((struct apid *)ctx)->rules, frame);
}

/* A full queue means that ruled does not read: closing makes it send again what was not
 * acknowledged. */
static int acknowledge(struct link *link, const struct frame *frame)
{
	const struct ack ack = {.sequence = frame->header.sequence};

	return link_send(link, FRAME_ACK, &ack, NULL);
}

static int on_alert(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;
	const struct stored_alert *stored;
	int r = alerts_add(&apid->alerts, frame, account_name, &stored);

	(void)fd;
	if (r < 0)
		return r;
	if (r == 1) {
		counts_alert(&apid->counts, stored->rule, stored->severity);
		streams_publish(apid, STREAM_ALERT, stored->json);
		r = incidents_alert(&apid->incidents, stored);
	}
	return r < 0 ? r : acknowledge(link, frame);
}

static int on_alert_note(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;
	int r = alerts_note(&apid->alerts, frame);

	(void)fd;
	if (r < 0 && r != -ENOENT) /* forgotten meanwhile: then the note is of no use either */
		return r;
	return acknowledge(link, frame);
}

static int on_incident(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	int r = feed_incident(ctx, frame);

	(void)fd;
	return r < 0 ? r : acknowledge(link, frame);
}

static const struct link_handlers handlers[] = {
	{FRAME_SELF, on_self},
	{FRAME_HOST, on_host},
	{FRAME_PROBE, on_probe},
	{FRAME_PROGRAM, on_program},
	{FRAME_TICK, on_tick},
	{FRAME_COUNTERS, on_counters},
	{FRAME_DETECTION, on_detection},
	{FRAME_RULES, on_rules},
	{FRAME_RULE, on_rule},
	{FRAME_MUTE, on_mute},
	{FRAME_ALERT, on_alert},
	{FRAME_ALERT_NOTE, on_alert_note},
	{FRAME_INCIDENT, on_incident},
	{FRAME_INCIDENT_HOST, on_incident},
	{FRAME_INCIDENT_PROCESS, on_incident},
	{FRAME_INCIDENT_SERIES, on_incident},
	{FRAME_INCIDENT_EVENTS, on_incident},
};

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct apid *apid = ctx;

	(void)link;
	(void)peer;
	suite_feed(&apid->suite, true);
	feed_resume(apid);
}

static void on_down(struct link *link, void *ctx)
{
	struct apid *apid = ctx;

	(void)link;
	suite_feed(&apid->suite, false);
	rulebook_forget(&apid->rules);
	mutes_forget(&apid->mutes);
}

static const struct link_def def = {
	.name = "feed",
	.socket = "apid/feed.sock",
	.group = "linnix-feed",
	.self = ROLE_APID,
	.peer = ROLE_RULED,
	.in = WAY_FEED_UP,
	.out = WAY_FEED_DOWN,
	.listens = true,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int feed_link_open(struct apid *apid, uid_t peer_uid)
{
	int r = link_new(apid->loop, &def, peer_uid, apid, &apid->feed);

	if (r == 0)
		r = link_open(apid->feed);
	return r < 0 ? log_err_r(r, "feed link") : 0;
}
