/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/actions.h"

#include <assert.h>
#include <errno.h>

static const struct {
	const char *name;
	unsigned next; /* bits of the states that may follow */
} states[STATUS_COUNT] = {
	[STATUS_PENDING] = {"pending", 1U << STATUS_APPROVED | 1U << STATUS_REJECTED |
					       1U << STATUS_EXPIRED | 1U << STATUS_WITHDRAWN},
	[STATUS_APPROVED] = {"approved", 1U << STATUS_EXECUTING | 1U << STATUS_FAILED},
	[STATUS_EXECUTING] = {"executing", 1U << STATUS_EXECUTED | 1U << STATUS_FAILED},
	[STATUS_EXECUTED] = {"executed", 0},
	[STATUS_FAILED] = {"failed", 0},
	[STATUS_REJECTED] = {"rejected", 0},
	[STATUS_EXPIRED] = {"expired", 0},
	[STATUS_WITHDRAWN] = {"withdrawn", 0},
};

void actions_init(struct actions *actions, uint64_t last_id, unsigned max_per_hour)
{
	actions->last_id = last_id;
	actions->max_per_hour = MIN(max_per_hour, (unsigned)BUDGET_MAX);
}

bool job_is_finished(const struct job *job)
{
	return states[job->status].next == 0;
}

const char *action_status_name(enum action_status status)
{
	return states[status].name;
}

const char *action_type_name(enum action_type type)
{
	return type == ACTION_KILL_TREE ? "kill_tree" : "kill_process";
}

struct job *actions_add(struct actions *actions)
{
	struct job *place = NULL;

	for (size_t i = 0; i < ACTIONS_MAX; i++) {
		struct job *a = &actions->places[i];

		if (a->id == 0 || (job_is_finished(a) && (!place || a->id < place->id)))
			place = a;
		if (a->id == 0)
			break;
	}
	if (!place)
		return NULL;
	*place = (struct job){.id = ++actions->last_id, .version = 1, .target.pidfd = -1};
	return place;
}

void actions_cancel(struct actions *actions, struct job *job)
{
	assert(job->id == actions->last_id);
	target_close(&job->target);
	job->id = 0;
	actions->last_id--;
}

struct job *actions_next(struct actions *actions, struct job *job)
{
	for (job = job ? job + 1 : actions->places; job < actions->places + ACTIONS_MAX; job++)
		if (job->id != 0)
			return job;
	return NULL;
}

struct job *actions_find(struct actions *actions, uint64_t id)
{
	struct job *job = NULL;

	while ((job = actions_next(actions, job)) && job->id != id)
		;
	return job;
}

struct job *actions_find_proposal(struct actions *actions, uint64_t proposer, uint64_t proposal)
{
	struct job *job = NULL;

	while ((job = actions_next(actions, job)) &&
		(job->proposer != proposer || job->proposal != proposal))
		;
	return job;
}

struct job *actions_find_target(struct actions *actions, const struct target *target)
{
	struct job *job = NULL;

	while ((job = actions_next(actions, job)))
		if (!job_is_finished(job) && job->target.pid == target->pid &&
			job->target.ino == target->ino &&
			job->target.start_ticks == target->start_ticks)
			break;
	return job;
}

void job_move(struct job *job, enum action_status status)
{
	assert(states[job->status].next & 1U << status);
	job->status = status;
	job->version++;
}

int job_approve(struct job *job, const struct approval *approval, unsigned required)
{
	assert(job->status == STATUS_PENDING && job->approval_count < ACTION_APPROVALS_MAX);
	for (unsigned i = 0; i < job->approval_count; i++)
		if (job->approvals[i].uid == approval->uid)
			return -EEXIST;
	job->approvals[job->approval_count++] = *approval;
	job->version++;
	return required > job->approval_count ? (int)(required - job->approval_count) : 0;
}

uint32_t budget_left(const struct actions *actions, uint64_t now_ns)
{
	unsigned used = 0;

	while (used < MIN(actions->spent_count, (uint64_t)actions->max_per_hour) &&
		now_ns - actions->spent[(actions->spent_count - 1 - used) % BUDGET_MAX] < BUDGET_NS)
		used++;
	return actions->max_per_hour - used;
}

void budget_spend(struct actions *actions, uint64_t now_ns)
{
	actions->spent[actions->spent_count++ % BUDGET_MAX] = now_ns;
}
