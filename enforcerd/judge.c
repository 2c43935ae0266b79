/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/judge.h"

#include <stdio.h>
#include <string.h>

#include "enforcerd/tree.h"

#define YOUNG_TICKS 1000 /* 10 s */

static void fill_context(struct core *core, const struct job *job)
{
	core->context.policy = &core->policy;
	for (size_t i = 0; i < GATE_SUITE_LINES; i++) {
		struct gate_line *line = &core->context.suite[i];

		measure_line(core->suite_pids[i], line);
		/* A neighbour that is not there has no ancestors to protect. */
		line->known = line->known || (i != SUITE_SELF && line->count == 0);
	}
	core->context.approver_given = job->approver_given;
	core->context.approver = job->approver;
	core->context_of = job->id;
	core->context_ns = core->ports->boottime_ns();
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

static void judge_tree(struct core *core, struct job *job)
{
	static struct gate_process process; /* large */
	uint64_t now_ns = core->ports->boottime_ns(), now_ticks = now_ns / PROC_TICK_NS;
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
		(void)gates_judge_member(&core->context, &process, &job->gates);
		show_member(job, stat, process.uid);
	}
}

static struct gate_facts facts_about(struct core *core, const struct job *job)
{
	return (struct gate_facts){
		.wanted = !job->withdrawn,
		.budget_left = budget_left(&core->actions, core->ports->boottime_ns()),
		.held_by = core_held_by(core),
	};
}

void judge_job(struct core *core, struct job *job, bool with_tree)
{
	static struct gate_process process; /* large */
	struct gate_facts facts = facts_about(core, job);

	fill_context(core, job);
	target_measure(&job->target, &process, &facts);
	gates_judge_target(&core->context, &process, &job->gates);
	gates_judge_action(&facts, &job->gates);
	if (!with_tree)
		return;
	job->tree_size = 1;
	job->young = job->member_count = 0;
	if (job->type == ACTION_KILL_TREE)
		judge_tree(core, job);
}

bool judge_member(struct core *core, struct job *job, const struct gate_process *process)
{
	if (core->context_of != job->id ||
		core->ports->boottime_ns() - core->context_ns > NSEC_PER_SEC)
		fill_context(core, job);
	return gates_judge_member(&core->context, process, &job->gates);
}

void judge_again(struct core *core, struct job *job)
{
	static struct gate_process process; /* large */
	struct gate_facts facts = facts_about(core, job);

	target_measure(&job->target, &process, &facts);
	(void)judge_member(core, job, &process);
	gates_judge_action(&facts, &job->gates);
}

const char *judge_failed(const struct job *job, bool lasting, char *text, size_t size)
{
	enum gate gate = gates_first_failed(&job->gates, lasting);

	if (gate == GATE_COUNT)
		return NULL;
	snprintf(text, size, "%s: %s", gate_name(gate), job->gates.gate[gate].reason);
	return text;
}
