/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/proposals_link.h"

#include <errno.h>
#include <signal.h>

#include "common/boot.h"
#include "common/log.h"
#include "enforcerd/lifecycle.h"

#define QUEUE_BYTES_MAX (1U << 18)

static bool is_possible(const struct propose *propose)
{
	return propose->type != ACTION_NONE &&
	       (propose->signal == SIGTERM || propose->signal == SIGKILL);
}

static int on_propose(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct propose *propose = frame->payload;
	struct verdict verdict = {.proposal = propose->proposal};
	struct proposals_link *p = ctx;
	char why[256] = "ruled speaks of the pids of another pid namespace";
	struct job *job;

	(void)fd;
	if (!is_possible(propose))
		return -EPROTO;
	job = p->foreign_pids ? NULL : lifecycle_propose(p->core, frame, why);
	if (job)
		verdict.action = job->id;
	(void)!link_send(link, FRAME_VERDICT, &verdict, (struct text[]){text_of(job ? "" : why)});
	if (job)
		lifecycle_consider(p->core, job);
	return 0;
}

static int on_withdraw(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct withdraw *withdraw = frame->payload;
	struct proposals_link *p = ctx;
	char why[257];

	(void)link;
	(void)fd;
	lifecycle_withdraw(
		p->core, withdraw->proposal, text_copy(frame_text(frame, 0), why, sizeof(why)));
	return 0;
}

static const struct link_handlers handlers[] = {
	{FRAME_PROPOSE, on_propose},
	{FRAME_WITHDRAW, on_withdraw},
};

void proposals_link_mute(struct proposals_link *p, const struct muting *muting)
{
	const struct mute mute = {
		.until_wall_ns = muting->until_wall_ns, .kind = (uint16_t)muting->kind};

	/* One that does not fit into ruled's queue is lost to it until it connects again: it then
	 * tells too much, or too little for as long as the mute was to last. */
	(void)!link_send(p->link, FRAME_MUTE, &mute,
		(struct text[]){text_of(muting->what), text_of(muting->by)});
}

static void tell_mutes(struct proposals_link *p)
{
	const struct mutes *mutes = &p->core->mutes;
	uint64_t wall_ns = p->core->ports->wall_ns();

	for (const struct muting *m = NULL; (m = mutes_next(mutes, m, wall_ns));)
		proposals_link_mute(p, m);
}

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct proposals_link *p = ctx;

	(void)link;
	p->core->proposer = peer->start_ns;
	p->core->suite_pids[SUITE_RULED] = peer->pid;
	p->foreign_pids = peer->pidns_ino != boot_get()->pidns_ino;
	if (p->foreign_pids)
		log_err("proposals link: ruled is in another pid namespace than enforcerd: every proposal is refused");
	tell_mutes(p);
}

static void on_down(struct link *link, void *ctx)
{
	struct proposals_link *p = ctx;

	(void)link;
	p->core->proposer = 0;
	p->core->suite_pids[SUITE_RULED] = 0;
}

static const struct link_def def = {
	.name = "proposals",
	.socket = "enforcerd/proposals.sock",
	.group = "linnix-proposals",
	.self = ROLE_ENFORCERD,
	.peer = ROLE_RULED,
	.in = WAY_PROPOSALS_UP,
	.out = WAY_PROPOSALS_DOWN,
	.listens = true,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int proposals_link_open(struct proposals_link *p, struct loop *loop, uid_t ruled)
{
	int r = link_new(loop, &def, ruled, p, &p->link);

	return r == 0 ? link_open(p->link) : r;
}

void proposals_link_done(struct proposals_link *p)
{
	link_free(p->link);
}

void proposals_link_tell(struct proposals_link *p, const struct job *job)
{
	const struct action_state state = {
		.proposal = job->proposal, .action = job->id, .status = (uint16_t)job->status};

	if (p->core->proposer == 0 || job->proposer != p->core->proposer)
		return;
	/* A state that does not fit into ruled's queue is lost to it: it only reports what becomes
	 * of actions. */
	(void)!link_send(
		p->link, FRAME_ACTION_STATE, &state, (struct text[]){text_of(job->outcome)});
}
