/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all programs of the collector share: settings, maps, accounting, and how a process is
 * described. Included by the .bpf.c files only.
 */
#pragma once

#include "kernel.h"
#include "record.h"

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Settings, frozen at load. */
extern const volatile __u32 pidns_inum;	      /* collectord's pid namespace */
extern const volatile __u32 cgroup_source;    /* enum cgroup_source */
extern const volatile __u32 cgroup_hierarchy; /* its number */
extern const volatile bool capture_args;
extern const volatile bool network; /* connects are counted */
extern const volatile bool
	exit_has_group_dead;	       /* the tracepoint says itself whether the group is gone */
extern const volatile bool sample_exe; /* the kernel lets the iterator look up file names */

/* Shared with collectord while running. */
extern __u32 own_level;	      /* depth of collectord's pid namespace; found by the task iterator */
extern __u32 sample_texts;    /* the iterator also tells file names */
extern __u32 consumer_asleep; /* the ring's reader wants to be woken by the next record */
extern __u32 args_off;	      /* what collectord has switched off: 0, 1 */
extern __u32 connects_off;
extern __u64 connects_lost; /* connects that were not counted, for want of room */

extern struct connections_walk connections_walk;

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
};

struct counters_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_counters);
};

#define CONNECTS_MAX 16384 /* processes that have connected and live */

/* By tgid of the first pid namespace. Filled beforehand: nobody who connects waits for memory. */
struct connects_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONNECTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
};

extern struct connects_map connects SEC(".maps");
extern struct ring_map ring SEC(".maps");
extern struct counters_map counters SEC(".maps");

static __always_inline struct cpu_counters *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

/* Outgoing TCP connections that the process @tgid has begun. */
static __always_inline __u32 connects_of(__u32 tgid)
{
	__u32 *count;

	if (!network)
		return 0;
	count = bpf_map_lookup_elem(&connects, &tgid);
	return count ? *count : 0;
}

#define COUNT(counter) __sync_fetch_and_add(&(counter), 1)

/* Returns when this run began, or 0 if it is not one of those that are timed. */
static __always_inline __u64 run_begin(struct cpu_counters *own, enum program_id program)
{
	__u64 runs = own->programs[program].runs;

	COUNT(own->programs[program].runs);
	return runs % TIMED_ONE_IN == TIMED_ONE_IN - 1 ? bpf_ktime_get_ns()
						       : 0; /* not the first: it is cold */
}

static __always_inline void run_end(struct cpu_counters *own, enum program_id program, __u64 began)
{
	if (!began)
		return;
	COUNT(own->programs[program].timed_runs);
	__sync_fetch_and_add(&own->programs[program].timed_ns, bpf_ktime_get_ns() - began);
}

/*
 * Waking the reader for each record would cost the forking process ten times what the record costs.
 * So it is woken only when it has gone to sleep; otherwise a timer of its own brings it back.
 */
static __always_inline __u64 wake_flags(void)
{
	if (!consumer_asleep)
		return BPF_RB_NO_WAKEUP;
	consumer_asleep = 0;
	return BPF_RB_FORCE_WAKEUP;
}

/* Keeps the compiler from merging this value's load with another one: the verifier wants one kind
 * of pointer per load. */
#define LOADED(value) asm volatile("" : "+r"(value))

/* The number of @pid @level namespaces below the first, if that is collectord's; else 0. */
static __always_inline __u32 inner_pid_number(struct pid *pid, __u64 level)
{
	struct upid upid = {};
	__u32 number;

	if (pid->level < level)
		return 0;
	bpf_probe_read_kernel(&upid, sizeof(upid), (void *)&pid->numbers[0] + level * sizeof(upid));
	number = upid.nr;
	LOADED(number);
	return BPF_CORE_READ(upid.ns, ns.inum) == pidns_inum ? number : 0;
}

/* The number of @pid in collectord's pid namespace; 0 if it has none there. */
static __always_inline __u32 pid_number(struct pid *pid)
{
	__u64 level = own_level & 31;
	__u32 number;

	if (level)
		return inner_pid_number(pid, level);
	number = pid->numbers[0].nr;
	LOADED(number);
	return number;
}

static __always_inline __u64 pid_inode(struct pid *pid)
{
	struct pid___with_ino *with_ino = (void *)pid;

	return bpf_core_field_exists(with_ino->ino) ? with_ino->ino : 0;
}

static __always_inline struct cgroup *css_cgroup(struct css_set *set, __u64 subsys)
{
	struct cgroup_subsys_state **slot = (void *)&set->subsys[0] + subsys * sizeof(*slot);

	return (*slot)->cgroup;
}

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	__u64 id;

	if (cgroup_source == CGROUP_SOURCE_PIDS)
		id = css_cgroup(set, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id))
			     ->kn->id;
	else if (cgroup_source == CGROUP_SOURCE_MEMORY)
		id = css_cgroup(set, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id))
			     ->kn->id;
	else
		id = set->dfl_cgrp->kn->id;
	LOADED(id);
	return CGROUP_KEY(cgroup_hierarchy, id);
}

/* Describes the process that @task is a thread of. @tgid comes from pid_number(). */
static __always_inline void describe(
	struct record_process *process, struct task_struct *task, __u32 tgid)
{
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = task->real_parent->group_leader;

	process->time_ns = bpf_ktime_get_boot_ns();
	process->start_ns = leader->start_boottime;
	process->tgid = tgid;
	process->ppid = pid_number(parent->thread_pid);
	process->parent_start_ns = process->ppid ? parent->start_boottime : 0;
	process->ino = pid_inode(leader->thread_pid);
	process->cgroup = cgroup_of(task);
	process->uid = task->cred->euid.val;
	process->kernel_thread = (leader->flags & PF_KTHREAD) != 0;
	bpf_probe_read_kernel(process->comm, sizeof(process->comm), leader->comm);
}
