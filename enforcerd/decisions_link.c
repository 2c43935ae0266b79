/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/decisions_link.h"

#include <errno.h>

#include "common/cgroup_name.h"
#include "enforcerd/decide.h"

#define QUEUE_BYTES_MAX (8U << 20) /* every action whole, and more */

static int on_claim(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct claim *claim = frame->payload;
	struct decisions_link *d = ctx;
	char user[APPROVAL_USER_BYTES];
	struct proof proof;
	const char *why;

	decide_claim(d->core, claim->connection, fd, &proof, user, &why);
	(void)!link_send(link, FRAME_PROOF, &proof, (struct text[]){text_of(user), text_of(why)});
	return 0;
}

static int on_unclaim(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct unclaim *unclaim = frame->payload;
	struct decisions_link *d = ctx;
	struct caller *caller = claims_find(&d->core->claims, unclaim->connection);

	(void)link;
	(void)fd;
	if (caller)
		caller_drop(caller);
	return 0;
}

/* The action's new state goes out before the answer, so that apid answers with it. */
static int on_decide(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct decisions_link *d = ctx;
	struct decided decided;
	char detail[256];

	(void)fd;
	decide(d->core, frame, &decided, detail);
	(void)!link_send(link, FRAME_DECIDED, &decided, (struct text[]){text_of(detail)});
	return 0;
}

static const struct link_handlers handlers[] = {
	{FRAME_CLAIM, on_claim},
	{FRAME_UNCLAIM, on_unclaim},
	{FRAME_DECIDE, on_decide},
};

static int send_gates(struct link *link, const struct job *job)
{
	int r = 0;

	for (uint16_t i = 0; i < GATE_COUNT && r == 0; i++) {
		const struct action_gate gate = {
			.action = job->id, .index = i, .pass = job->gates.gate[i].pass};

		r = link_send(link, FRAME_ACTION_GATE, &gate,
			(struct text[]){text_of(gate_name(i)), text_of(job->gates.gate[i].reason)});
	}
	return r;
}

static int send_members(struct link *link, const struct job *job)
{
	int r = 0;

	for (uint16_t i = 0; i < job->member_count && r == 0; i++) {
		const struct shown_member *m = &job->members[i];
		const struct action_member member = {.action = job->id,
			.pid = m->pid,
			.ppid = m->ppid,
			.uid = m->uid,
			.index = i};

		r = link_send(link, FRAME_ACTION_MEMBER, &member,
			(struct text[]){text_of(m->comm), text_of(m->args)});
	}
	return r;
}

static int send_proofs(struct link *link, const struct job *job)
{
	int r = 0;

	for (uint16_t i = 0; i < job->approval_count && r == 0; i++) {
		const struct approval *a = &job->approvals[i];
		const struct action_proof proof = {
			.action = job->id, .uid = a->uid, .index = i, .kind = (uint16_t)a->kind};

		r = link_send(link, FRAME_ACTION_PROOF, &proof,
			(struct text[]){text_of(a->label), text_of(a->user)});
	}
	return r;
}

static int send_action(struct link *link, const struct job *job)
{
	const struct action action = {
		.action = job->id,
		.version = job->version,
		.start_ns = job->target.start_ns,
		.created_wall_ns = job->created_wall_ns,
		.expires_wall_ns = job->expires_wall_ns,
		.executed_wall_ns = job->executed_wall_ns,
		.pid = job->target.pid,
		.uid = job->target.uid,
		.tree_size = job->tree_size,
		.type = (uint16_t)job->type,
		.signal = (uint16_t)job->signal,
		.status = (uint16_t)job->status,
		.identity_strong = job->target.strong,
		.gates = GATE_COUNT,
		.members = (uint16_t)job->member_count,
		.proofs = (uint16_t)job->approval_count,
	};
	struct cgroup_name name;
	struct text texts[ACTION_TEXTS] = {
		[ACTION_REASON] = text_of(job->reason),
		[ACTION_RULE] = text_of(job->rule),
		[ACTION_INCIDENT] = text_of(job->incident),
		[ACTION_COMM] = text_of(job->comm),
		[ACTION_ARGS] = text_of(job->args),
		[ACTION_USER] = text_of(job->user),
		[ACTION_CGROUP] = proc_cgroup_shown(job->target.cgroups),
		[ACTION_OUTCOME] = text_of(job->outcome),
	};

	cgroup_name_of(texts[ACTION_CGROUP], &name);
	texts[ACTION_UNIT] = text_of(name.unit);
	texts[ACTION_CONTAINER] = text_of(name.container);
	return link_send(link, FRAME_ACTION, &action, texts);
}

static int send_job(struct link *link, const struct job *job)
{
	int r = send_action(link, job);

	if (r == 0)
		r = send_gates(link, job);
	if (r == 0)
		r = send_members(link, job);
	return r == 0 ? send_proofs(link, job) : r;
}

void decisions_link_tell(struct decisions_link *d, const struct job *job)
{
	if (send_job(d->link, job) == -ENOBUFS)
		d->stale = true;
}

static uint64_t tell_all(struct decisions_link *d)
{
	uint64_t count = 0;

	d->stale = false;
	for (struct job *job = NULL; (job = actions_next(&d->core->actions, job)); count++)
		decisions_link_tell(d, job);
	return count;
}

/* Something was left out while the queue was full: everything is told again. */
static void on_room(struct link *link, void *ctx)
{
	struct decisions_link *d = ctx;

	(void)link;
	if (d->stale)
		(void)tell_all(d);
}

void decisions_link_tell_enforcer(struct decisions_link *d)
{
	const struct core *core = d->core;
	const bool audit_ok = core->ports->audit_is_ok();
	const char *why = !audit_ok ? "the audit file cannot be written"
			  : !d->peers_ok
				  ? "socket owners cannot be looked up: TCP clients are nobody"
				  : "";
	const struct enforcer state = {
		.hold_since_wall_ns = hold_since(&core->hold),
		.budget_left = budget_left(&core->actions, core->ports->boottime_ns()),
		.budget = core->config->enforcement.max_actions_per_hour,
		.approvers_required = core->config->enforcement.approvers_required,
		.mode = (uint16_t)core->config->mode,
		.audit_ok = audit_ok,
		.peers_ok = d->peers_ok,
	};
	struct text texts[] = {text_of(hold_by(&core->hold)), text_of(why)};

	(void)!link_send(d->link, FRAME_ENFORCER, &state, texts);
}

static void tell_self(struct decisions_link *d)
{
	(void)!link_send(d->link, FRAME_SELF, selfstat_get(d->self), NULL);
}

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct decisions_link *d = ctx;
	struct actions_end end;

	d->core->suite_pids[SUITE_APID] = peer->pid;
	end.count = tell_all(d);
	(void)!link_send(link, FRAME_ACTIONS_END, &end, NULL);
	decisions_link_tell_enforcer(d);
	tell_self(d);
}

static void on_down(struct link *link, void *ctx)
{
	struct decisions_link *d = ctx;

	(void)link;
	d->core->suite_pids[SUITE_APID] = 0;
	/* Connection numbers are one apid's: what it claimed is worth nothing to the next one. */
	claims_expire(&d->core->claims, UINT64_MAX);
}

static const struct link_def def = {
	.name = "decisions",
	.socket = "enforcerd/decisions.sock",
	.group = "linnix-decisions",
	.self = ROLE_ENFORCERD,
	.peer = ROLE_APID,
	.in = WAY_DECISIONS_UP,
	.out = WAY_DECISIONS_DOWN,
	.listens = true,
	.descriptors = true,
	.queue_bytes_max = QUEUE_BYTES_MAX,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
	.on_room = on_room,
};

int decisions_link_open(struct decisions_link *d, struct loop *loop, uid_t apid)
{
	int r = link_new(loop, &def, apid, d, &d->link);

	return r == 0 ? link_open(d->link) : r;
}

void decisions_link_done(struct decisions_link *d)
{
	link_free(d->link);
}

void decisions_link_second(struct decisions_link *d)
{
	claims_expire(&d->core->claims, d->core->ports->boottime_ns());
	decisions_link_tell_enforcer(d);
	tell_self(d);
}
