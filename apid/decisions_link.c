/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/decisions_link.h"

#include <errno.h>

#include "apid/connections.h"
#include "apid/decide.h"
#include "apid/streams.h"
#include "common/account.h"
#include "common/clock.h"
#include "common/log.h"

#define QUEUE_BYTES_MAX (1U << 20)

static int on_self(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct self *self = frame->payload;

	(void)link;
	(void)fd;
	if (self->role != ROLE_ENFORCERD)
		return -EPROTO;
	suite_self(&((struct apid *)ctx)->suite, self, clock_boottime_ns());
	return 0;
}

static int on_enforcer(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	suite_enforcer(&((struct apid *)ctx)->suite, frame);
	return 0;
}

/* trust: enforcerd alone says who a client is. */
static int on_proof(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;
	const struct proof *proof = frame->payload;
	struct connection *c = connections_find(apid->connections, proof->connection);

	(void)link;
	(void)fd;
	/* The client may have gone, or waited too long. */
	if (c && c->claim == CLAIM_WAITING)
		connection_proven(c, frame);
	return 0;
}

static int on_decided(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	decide_done(ctx, frame);
	return 0;
}

static int on_action(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct apid *apid = ctx;
	const struct action_entry *entry;
	int64_t offset = (int64_t)(clock_wall_ns() - clock_boottime_ns());
	int r = actions_frame(&apid->actions, frame, offset, account_name, &entry);

	(void)link;
	(void)fd;
	/* The first list tells what was before anybody listened. */
	if (r == 1 && apid->actions.known)
		streams_publish(apid, STREAM_ACTION, entry->json);
	return MIN(r, 0);
}

static int on_actions_end(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)frame;
	(void)fd;
	return actions_end(&((struct apid *)ctx)->actions);
}

static const struct link_handlers handlers[] = {
	{FRAME_SELF, on_self},
	{FRAME_ENFORCER, on_enforcer},
	{FRAME_PROOF, on_proof},
	{FRAME_DECIDED, on_decided},
	{FRAME_ACTION, on_action},
	{FRAME_ACTION_GATE, on_action},
	{FRAME_ACTION_MEMBER, on_action},
	{FRAME_ACTION_PROOF, on_action},
	{FRAME_ACTIONS_END, on_actions_end},
};

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct apid *apid = ctx;

	(void)link;
	(void)peer;
	suite_decisions(&apid->suite, true);
	actions_restart(&apid->actions);
}

static void on_down(struct link *link, void *ctx)
{
	struct apid *apid = ctx;

	(void)link;
	suite_decisions(&apid->suite, false);
	decide_down(apid);
}

static const struct link_def def = {
	.name = "decisions",
	.socket = "enforcerd/decisions.sock",
	.group = "linnix-decisions",
	.self = ROLE_APID,
	.peer = ROLE_ENFORCERD,
	.in = WAY_DECISIONS_DOWN,
	.out = WAY_DECISIONS_UP,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int decisions_link_open(struct apid *apid, uid_t peer_uid)
{
	int r = link_new(apid->loop, &def, peer_uid, apid, &apid->decisions);

	if (r == 0)
		r = link_open(apid->decisions);
	return r < 0 ? log_err_r(r, "decisions link") : 0;
}
