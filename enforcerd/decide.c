/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/decide.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/account.h"
#include "common/text.h"
#include "enforcerd/lifecycle.h"

#define NOBODY ((uid_t)-1)

/* Why a proven peer may not decide, or NULL. */
static const char *why_not(const struct core *core, const struct peer *peer)
{
	uint32_t via = peer->kind == PEER_TCP ? VIA_TCP : VIA_UNIX;

	if (!(core->config->approvers.via & via))
		return peer->kind == PEER_TCP ? "tcp is not admitted (approvers.via)"
					      : "unix is not admitted (approvers.via)";
	if (gates_is_suite(&core->policy, peer->uid))
		return "a user of this suite decides nothing";
	if (peer->uid != 0 && !account_in_group(peer->uid, core->config->approvers.group))
		return "not an approver";
	return NULL;
}

static void record_refusal(
	struct core *core, enum peer_kind kind, uid_t uid, uint64_t action, const char *why)
{
	struct audit_event event = {.kind = AUDIT_REFUSED,
		.action = action,
		.by = {.kind = kind, .uid = uid},
		.what = kind == PEER_NOBODY ? "not-proven" : "not-an-approver"};

	if (kind != PEER_NOBODY)
		account_name(uid, event.by.user, sizeof(event.by.user));
	(void)core_write(core, event, why);
}

static void refuse(struct core *core, const struct peer *peer, uint64_t action, const char *why)
{
	uid_t uid = peer->kind == PEER_NOBODY ? NOBODY : peer->uid;

	if (refusals_pass(&core->refusals, uid, core->ports->boottime_ns()))
		record_refusal(core, peer->kind, uid, action, why);
}

void decide_tick(struct core *core)
{
	uint64_t count;
	char why[48];
	uid_t uid;

	while (refusals_take(&core->refusals, core->ports->boottime_ns(), &uid, &count)) {
		snprintf(why, sizeof(why), "%" PRIu64 " more suppressed", count);
		record_refusal(core, uid == NOBODY ? PEER_NOBODY : PEER_UNIX, uid, 0, why);
	}
}

/* trust: the first bytes of the client. NULL, or why they are no decision of his own. */
static const char *read_request(int fd, struct request_head *head)
{
	static char bytes[REQUEST_HEAD_MAX];
	ssize_t n = peer_peek(fd, bytes, sizeof(bytes));

	*head = (struct request_head){VERB_NONE, 0};
	switch (n < 0 ? (int)n : request_head_read(bytes, (size_t)n, head)) {
	case 0:
		return NULL;
	case -EREMOTE:
		return "the request was relayed";
	case -EAGAIN:
		return "the request's head has not come whole";
	default:
		return "the request's head is malformed";
	}
}

static bool is_decision(enum verb verb)
{
	return verb != VERB_NONE && verb != VERB_WHOAMI;
}

/* Keeps the socket of somebody who may decide. NULL, or why it is no evidence. */
static const char *keep(struct core *core, uint64_t connection, const struct peer *peer,
	const struct request_head *head, int *fd)
{
	struct caller *caller;

	switch (claims_add(
		&core->claims, connection, core->ports->boottime_ns(), peer, fd, &caller)) {
	case 0:
		caller->head = *head;
		return NULL;
	case -EEXIST:
		return "one connection decides once: use a new one";
	default:
		return "too many decisions at the same time";
	}
}

void decide_claim(struct core *core, uint64_t connection, int *fd, struct proof *proof,
	char user[APPROVAL_USER_BYTES], const char **why)
{
	struct request_head head = {VERB_NONE, 0};
	struct peer peer;
	const char *reason, *unread;

	/* The bytes first: whoever is there after they were read is there now. */
	unread = read_request(*fd, &head);
	peer_prove(*fd, true, &peer, &reason);
	if (peer.kind != PEER_NOBODY && unread) {
		peer.kind = PEER_NOBODY;
		reason = unread;
	}
	if (peer.kind != PEER_NOBODY)
		reason = why_not(core, &peer);
	if (is_decision(head.verb) && reason)
		refuse(core, &peer, head.action, reason);
	else if (is_decision(head.verb))
		reason = keep(core, connection, &peer, &head, fd);
	*proof = (struct proof){.connection = connection, .kind = (uint16_t)peer.kind};
	user[0] = '\0';
	*why = reason ? reason : "";
	if (peer.kind == PEER_NOBODY)
		return;
	account_name(peer.uid, user, APPROVAL_USER_BYTES);
	proof->uid = peer.uid;
	proof->verb = (uint16_t)head.verb;
	proof->action = head.action;
	proof->admitted = reason == NULL;
}

/* Asks the kernel again, on the socket that was kept. NULL, or why the caller may not decide any
 * more. */
static const char *prove_again(
	const struct core *core, const struct caller *caller, struct peer *now)
{
	const char *why;

	peer_prove(caller->fd, false, now, &why);
	if (now->kind == PEER_NOBODY)
		return why;
	if (now->kind != caller->peer.kind || now->uid != caller->peer.uid ||
		now->cookie != caller->peer.cookie)
		return "the caller has changed";
	return why_not(core, now);
}

static enum decision_result decide_hold(
	struct core *core, const struct approval *approval, const char *reason)
{
	/* On also if it cannot be written: it then lasts until a restart only. */
	(void)core_write(core, (struct audit_event){.kind = AUDIT_HOLD, .by = *approval}, reason);
	if (!core->hold.decided)
		core->hold.since_wall_ns = core->ports->wall_ns();
	core->hold.decided = true;
	snprintf(core->hold.by, sizeof(core->hold.by), "%s", approval->label);
	return DECISION_OK;
}

static enum decision_result decide_resume(
	struct core *core, const struct approval *approval, const char *reason, char detail[256])
{
	const struct audit_event event = {.kind = AUDIT_RESUME, .by = *approval};

	(void)core_held_by(core);
	if (core->hold.file) {
		snprintf(detail, 256, "%s exists: remove it", HOLD_FILE);
		return DECISION_CONFLICT;
	}
	if (!core->ports->audit_is_ok() || core_write(core, event, reason) < 0) {
		snprintf(detail, 256, "the audit cannot be written");
		return DECISION_UNAVAILABLE;
	}
	core->hold.decided = false;
	return DECISION_OK;
}

/* To tell again waits for nothing. */
static enum decision_result unmute(struct core *core, const struct audit_event *event,
	const struct muting *muting, const char *reason)
{
	if (core_write(core, *event, reason) == 0)
		(void)mutes_line(&core->mutes);
	mutes_forget(&core->mutes, muting->kind, muting->what);
	core->ports->on_mute(core, muting);
	return DECISION_OK;
}

/* ruled is told when the line is on the disk. */
static enum decision_result mute(struct core *core, const struct audit_event *event,
	struct muting *muting, const char *reason, char detail[256])
{
	uint64_t wall_ns = core->ports->wall_ns();
	struct muting *place = mutes_place(&core->mutes, muting->kind, muting->what, wall_ns);

	if (!place) {
		snprintf(detail, 256, "%d mutes stand already", MUTES_MAX);
		return DECISION_CONFLICT;
	}
	if (!core->ports->audit_is_ok() || core_write(core, *event, reason) < 0) {
		snprintf(detail, 256, "the audit cannot be written");
		return DECISION_UNAVAILABLE;
	}
	muting->line = mutes_line(&core->mutes);
	muting->until_wall_ns = wall_ns + event->for_secs * NSEC_PER_SEC;
	*place = *muting;
	return DECISION_OK;
}

/*
 * trust: of a mute the client's bytes prove only that he asks for one; what is muted and for how
 * long is apid's word. Both are written down as they are carried out.
 */
static enum decision_result decide_mute(struct core *core, const struct frame *frame,
	const struct approval *approval, const char *reason, char detail[256])
{
	const struct decide *decide = frame->payload;
	struct text what = frame_text(frame, 2);
	struct audit_event event = {.kind = AUDIT_MUTED,
		.by = *approval,
		.for_known = true,
		.for_secs = decide->mute_secs};
	struct muting muting = {.kind = decide->mute_kind};
	const char *why = mutes_invalid(decide->mute_kind, what, decide->mute_secs);

	if (why) {
		snprintf(detail, 256, "%s", why);
		return DECISION_INVALID;
	}
	text_copy(what, muting.what, sizeof(muting.what));
	snprintf(muting.by, sizeof(muting.by), "%s", approval->label);
	if (muting.kind == MUTE_RULE)
		text_copy(what, event.rule, sizeof(event.rule));
	else
		text_copy(what, event.comm, sizeof(event.comm));
	return event.for_secs == 0 ? unmute(core, &event, &muting, reason)
				   : mute(core, &event, &muting, reason, detail);
}

void decide_mute_logged(struct core *core, int r)
{
	struct muting changed;

	if (mutes_logged(&core->mutes, r, &changed))
		core->ports->on_mute(core, &changed);
}

static enum decision_result decide_action(struct core *core, const struct caller *caller,
	uint64_t if_match, const struct approval *approval, const char *reason, char detail[256])
{
	struct job *job = actions_find(&core->actions, caller->head.action);

	snprintf(detail, 256, "there is no action-%" PRIu64, caller->head.action);
	if (!job)
		return DECISION_UNKNOWN;
	snprintf(detail, 256, "action-%" PRIu64 " has changed since version %" PRIu64, job->id,
		if_match);
	if (if_match != 0 && if_match != job->version)
		return DECISION_MISMATCH;
	if (caller->head.verb == VERB_REJECT)
		return lifecycle_reject(core, job, approval, reason, detail);
	return lifecycle_approve(core, job, approval, caller->peer.pid, reason, detail);
}

/* What was proven and asked for is carried out. */
static enum decision_result carry_out(
	struct core *core, const struct caller *caller, const struct frame *frame, char detail[256])
{
	const struct decide *decide = frame->payload;
	struct text label = frame_text(frame, 0);
	struct approval approval = {.uid = caller->peer.uid, .kind = caller->peer.kind};
	char reason[512];

	if (label.len == 0 || label.len >= sizeof(approval.label) ||
		!text_is_plain(label.data, label.len)) {
		snprintf(detail, 256,
			"approver must be 1 to 128 bytes of UTF-8 without control characters");
		return DECISION_INVALID;
	}
	text_copy(label, approval.label, sizeof(approval.label));
	text_copy(frame_text(frame, 1), reason, sizeof(reason));
	account_name(approval.uid, approval.user, sizeof(approval.user));
	switch (caller->head.verb) {
	case VERB_HOLD:
		return decide_hold(core, &approval, reason);
	case VERB_RESUME:
		return decide_resume(core, &approval, reason, detail);
	case VERB_MUTE:
		return decide_mute(core, frame, &approval, reason, detail);
	default:
		return decide_action(core, caller, decide->if_match, &approval, reason, detail);
	}
}

void decide(struct core *core, const struct frame *frame, struct decided *decided, char detail[256])
{
	const struct decide *decide = frame->payload;
	struct caller *caller = claims_find(&core->claims, decide->connection);
	struct peer now = {.kind = PEER_NOBODY};
	const char *why;

	*decided = (struct decided){.request = decide->request, .result = DECISION_FORBIDDEN};
	snprintf(detail, 256, "this connection is not proven to be an approver's");
	if (!caller) {
		refuse(core, &now, 0, detail);
		return;
	}
	decided->action = caller->head.action;
	if (caller->used) {
		decided->result = DECISION_CONFLICT;
		snprintf(detail, 256, "one connection decides once: use a new one");
		return;
	}
	why = prove_again(core, caller, &now);
	caller_use(&core->claims, caller);
	if (why) {
		refuse(core, &now, caller->head.action, why);
		snprintf(detail, 256, "%s", why);
		return;
	}
	decided->result = (uint16_t)carry_out(core, caller, frame, detail);
	if (decided->result == DECISION_OK)
		detail[0] = '\0';
	if (decided->action == 0)
		core->ports->on_enforcer(core);
}
