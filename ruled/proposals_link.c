/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/proposals_link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"

#define QUEUE_BYTES_MAX (1U << 18)
#define UNREACHABLE	"enforcer is not reachable"

static void note(struct proposals_link *self, uint64_t alert, uint64_t action, struct text why)
{
	const struct alert_note payload = {
		.epoch = self->epoch, .counter = alert, .action = action};

	feed_link_tell(self->feed, FRAME_ALERT_NOTE, &payload, &why);
}

static int on_verdict(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct proposals_link *self = ctx;
	const struct verdict *verdict = frame->payload;
	struct proposal *proposal;

	(void)link, (void)fd;
	/* trust: enforcerd can only answer what was asked */
	proposal =
		verdict->proposal != 0 ? proposals_get(&self->proposals, verdict->proposal) : NULL;
	if (!proposal)
		return verdict->proposal <= self->proposals.last ? 0 : -EPROTO;
	note(self, proposal->alert, verdict->action, frame_text(frame, 0));
	proposal->action = verdict->action;
	if (verdict->action == 0)
		proposals_close(proposal);
	return 0;
}

static int on_action_state(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct proposals_link *self = ctx;
	const struct action_state *state = frame->payload;
	struct proposal *proposal;

	(void)link, (void)fd;
	proposal = state->proposal != 0 ? proposals_get(&self->proposals, state->proposal) : NULL;
	if (proposal && proposals_is_final(state->status))
		proposals_close(proposal);
	return 0;
}

static void log_mute(const struct frame *frame)
{
	const struct mute *mute = frame->payload;
	struct text what = frame_text(frame, 0), by = frame_text(frame, 1);
	char name[4 * RULE_NAME_BYTES_MAX + 1], who[4 * RULE_NAME_BYTES_MAX + 1];

	text_escape(what.data, what.len, name, sizeof(name));
	text_escape(by.data, by.len, who, sizeof(who));
	log_info("%s %s is muted%s by %s", mute->kind == MUTE_RULE ? "rule" : "culprit", name,
		mute->until_wall_ns == 0 ? " no more" : "", who);
}

/* trust: enforcerd has seen the approver; what it passes on is taken, within the bounds */
static int on_mute(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct proposals_link *self = ctx;
	int r = engine_mute(self->engine, frame);

	(void)link, (void)fd;
	if (r == -ENOBUFS) {
		log_warn("more than %d mutes: one is not honoured", MUTES_MAX);
		return 0;
	}
	if (r < 0)
		return r;
	log_mute(frame);
	feed_link_mute(self->feed, frame);
	return 0;
}

static void end_mute(struct proposals_link *self, const struct muted *muted)
{
	const struct mute payload = {.kind = (uint16_t)muted->kind,
		.text_len = {(uint16_t)strlen(muted->what), (uint16_t)strlen(muted->by)}};
	char tail[sizeof(muted->what) + sizeof(muted->by)];
	const struct frame frame = {.header = {.type = FRAME_MUTE},
		.spec = frame_spec(FRAME_MUTE),
		.payload = &payload,
		.tail = tail};

	snprintf(tail, sizeof(tail), "%s%s", muted->what, muted->by);
	(void)!engine_mute(self->engine, &frame);
	feed_link_mute(self->feed, &frame);
}

/* enforcerd now tells all that is muted; one that has ended while it could not say so is over. */
static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct proposals_link *self = ctx;
	const struct mutes *mutes = engine_mutes(self->engine);

	(void)link, (void)peer;
	for (const struct muted *m = NULL; (m = mutes_next(mutes, m));)
		end_mute(self, m);
}

/* What becomes of open proposals is not known any more; those without a verdict get none. */
static void on_down(struct link *link, void *ctx)
{
	struct proposals_link *self = ctx;

	(void)link;
	for (size_t i = 0; i < PROPOSALS_MAX; i++) {
		struct proposal *proposal = &self->proposals.at[i];

		if (proposal->number != 0 && proposal->action == 0)
			note(self, proposal->alert, 0, text_of(UNREACHABLE));
		proposals_close(proposal);
	}
}

static const struct link_handlers handlers[] = {
	{FRAME_VERDICT, on_verdict},
	{FRAME_ACTION_STATE, on_action_state},
	{FRAME_MUTE, on_mute},
};

static const struct link_def def = {
	.name = "proposals",
	.socket = "enforcerd/proposals.sock",
	.self = ROLE_RULED,
	.peer = ROLE_ENFORCERD,
	.in = WAY_PROPOSALS_DOWN,
	.out = WAY_PROPOSALS_UP,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int proposals_link_new(struct proposals_link *self, struct loop *loop, struct feed_link *feed,
	struct engine *engine, uint64_t epoch, uid_t enforcerd_uid)
{
	*self = (struct proposals_link){.feed = feed, .engine = engine, .epoch = epoch};
	return link_new(loop, &def, enforcerd_uid, self, &self->link);
}

int proposals_link_open(struct proposals_link *self)
{
	return link_open(self->link);
}

void proposals_link_done(struct proposals_link *self)
{
	link_free(TAKE_PTR(self->link));
}

static int send_proposal(
	struct proposals_link *self, const struct engine_alert *alert, uint64_t number)
{
	const struct alert *frame = &alert->frame;
	const struct propose payload = {
		.proposal = number,
		.start_ns = frame->culprit.start_ns,
		.ino = frame->culprit.ino,
		.cgroup = frame->culprit.cgroup,
		.tgid = frame->culprit.tgid,
		.uid = frame->culprit.uid,
		.type = (uint16_t)alert->rule->action,
		.signal = (uint16_t)alert->rule->signal,
		.evidence_complete = frame->evidence_complete,
		.value = frame->value,
		.threshold = frame->threshold,
	};
	const struct text texts[] = {alert->texts[ALERT_RULE], alert->texts[ALERT_INCIDENT],
		alert->texts[ALERT_MESSAGE]};

	return link_send(self->link, FRAME_PROPOSE, &payload, texts);
}

/* The alert repeats what is proposed already. */
static void join(struct proposals_link *self, struct proposal *proposal, uint64_t alert)
{
	proposal->alert = alert;
	if (proposal->action != 0)
		note(self, alert, proposal->action, text_of(""));
}

static const char *why_not(const struct proposals_link *self, const struct engine_alert *alert)
{
	if (alert->frame.culprit.tgid == 0)
		return "nobody stands out";
	if (!alert->actionable)
		return "the culprit has exited";
	return link_is_up(self->link) ? NULL : UNREACHABLE;
}

void proposals_link_alert(struct proposals_link *self, const struct engine_alert *alert)
{
	const struct process *culprit = &alert->frame.culprit;
	uint64_t counter = alert->frame.counter;
	const char *why;
	struct proposal *proposal;

	if (alert->rule->action == ACTION_NONE)
		return;
	why = why_not(self, alert);
	if (why) {
		note(self, counter, 0, text_of(why));
		return;
	}
	proposal = proposals_find(
		&self->proposals, alert->rule->name, culprit->tgid, culprit->start_ns);
	if (proposal) {
		join(self, proposal, counter);
		return;
	}
	proposal = proposals_add(
		&self->proposals, alert->rule->name, culprit->tgid, culprit->start_ns, counter);
	if (!proposal) {
		note(self, counter, 0, text_of("too many proposals are open"));
		return;
	}
	if (send_proposal(self, alert, proposal->number) < 0) {
		proposals_close(proposal);
		note(self, counter, 0, text_of(UNREACHABLE));
	}
}

void proposals_link_cleared(struct proposals_link *self, uint64_t counter, const char *why)
{
	struct proposal *proposal = proposals_of_alert(&self->proposals, counter);
	struct withdraw payload;
	const struct text text = text_of(why);

	if (!proposal)
		return;
	payload = (struct withdraw){.proposal = proposal->number};
	(void)!link_send(self->link, FRAME_WITHDRAW, &payload, &text);
}
