/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/judge.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "enforcerd/lifecycle.h"
#include "enforcerd/tree.h"

#define YOUNG_TICKS 1000 /* 10 s */

/* A neighbour that is not there has no ancestors to protect. */
static void measure_neighbour(uint32_t pid, struct gate_line *line)
{
	measure_line(pid, line);
	line->known = line->known || line->count == 0;
}

static void fill_context(struct enforcerd *e, const struct job *job)
{
	e->context.policy = &e->policy;
	measure_line(e->pid, &e->context.suite[0]);
	measure_neighbour(e->ruled_pid, &e->context.suite[1]);
	measure_neighbour(e->apid_pid, &e->context.suite[2]);
	e->context.approver_given = job->approver_given;
	e->context.approver = job->approver;
	e->context_of = job->id;
	e->context_ns = clock_boottime_ns();
}

static void show_member(struct job *job, const struct proc_stat *stat, uid_t uid)
{
	struct shown_member *member = &job->members[job->member_count];

	if (job->member_count == ACTION_MEMBERS_SHOWN)
		return;
	*member = (struct shown_member){.pid = stat->pid, .ppid = stat->ppid, .uid = uid};
	memcpy(member->comm, stat->comm, sizeof(member->comm));
	proc_args(stat->pid, member->args, sizeof(member->args));
	job->member_count++;
}

static void judge_tree(struct enforcerd *e, struct job *job)
{
	static struct gate_process process; /* large */
	uint64_t now_ns = clock_boottime_ns(), now_ticks = now_ns / PROC_TICK_NS;
	struct tree_member root;
	struct tree_found found;
	struct tree tree;

	tree_init(&tree, &root, 1);
	(void)tree_add(&tree, job->target.pid, job->target.start_ticks);
	if (tree_sweep(&tree, now_ns, &found) < 0) {
		job->gates.gate[GATE_PROTECTED] =
			(struct gate_verdict){.reason = "its tree could not be listed"};
		return;
	}
	for (size_t i = 0; i < found.count; i++) {
		const struct proc_stat *stat = found.list[i];

		measure_process(stat->pid, &process);
		if (!process.known && proc_stat(stat->pid, &(struct proc_stat){0}) < 0)
			continue; /* it has gone meanwhile */
		job->tree_size++;
		job->young += now_ticks - stat->start_ticks < YOUNG_TICKS;
		(void)gates_judge_member(&e->context, &process, &job->gates);
		show_member(job, stat, process.uid);
	}
}

void judge_job(struct enforcerd *e, struct job *job, bool with_tree)
{
	static struct gate_process process; /* large */
	struct gate_facts facts = {
		.wanted = !job->withdrawn,
		.budget_left = budget_left(&e->actions, clock_boottime_ns()),
		.held_by = lifecycle_is_held(e) ? hold_by(&e->hold) : NULL,
	};

	fill_context(e, job);
	target_measure(&job->target, &process, &facts);
	gates_judge_target(&e->context, &process, &job->gates);
	gates_judge_action(&facts, &job->gates);
	if (!with_tree)
		return;
	job->tree_size = 1;
	job->young = job->member_count = 0;
	if (job->type == ACTION_KILL_TREE)
		judge_tree(e, job);
}

bool judge_member(struct enforcerd *e, struct job *job, const struct gate_process *process)
{
	if (e->context_of != job->id || clock_boottime_ns() - e->context_ns > NSEC_PER_SEC)
		fill_context(e, job);
	return gates_judge_member(&e->context, process, &job->gates);
}

const char *judge_failed(const struct job *job, bool lasting, char *text, size_t size)
{
	enum gate gate = gates_first_failed(&job->gates, lasting);

	if (gate == GATE_COUNT)
		return NULL;
	snprintf(text, size, "%s: %s", gate_name(gate), job->gates.gate[gate].reason);
	return text;
}
