/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process is born, becomes another program, is a victim of want of memory, ends. */
#include "collector.h"
#include "threads.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_exec);
} exec_scratch SEC(".maps");

static __always_inline void report_fork(struct cpu_counters *own, struct task_struct *child)
{
	struct record_fork *record;
	__u32 tgid;

	if (child->pid != child->tgid) /* a thread */
		return;
	COUNT(own->generated[COUNT_FORK]);
	tgid = pid_number(child->thread_pid);
	if (!tgid) {
		COUNT(own->filtered);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		COUNT(own->dropped[COUNT_FORK]);
		return;
	}
	record->head = (struct record_head){.type = RECORD_FORK};
	describe(&record->process, child, tgid);
	bpf_ringbuf_submit(record, wake_flags());
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cpu_counters *own = own_counters();
	__u64 began;

	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_FORK);
	report_fork(own, child);
	run_end(own, PROGRAM_FORK, began);
	return 0;
}

/* Appends the argument list to the file name; returns its length. The new program has not run yet.
 */
static __always_inline __u64 read_args(
	struct cpu_counters *own, struct record_exec *record, struct mm_struct *mm, __u64 at)
{
	__u64 start = mm->arg_start, len = mm->arg_end - start, began = run_begin(own, PROBE_ARGS);

	record->args_truncated = len > RECORD_ARGS_MAX;
	if (len > RECORD_ARGS_MAX)
		len = RECORD_ARGS_MAX;
	if (at > RECORD_EXE_MAX || bpf_probe_read_user(record->text + at, len, (void *)start) < 0)
		len = 0;
	run_end(own, PROBE_ARGS, began);
	return len;
}

static __always_inline void report_exec(
	struct cpu_counters *own, struct task_struct *task, struct linux_binprm *bprm)
{
	struct record_exec *record;
	__u32 tgid, zero = 0;
	__u64 args_len = 0;
	long exe_len;

	COUNT(own->generated[COUNT_EXEC]);
	tgid = pid_number(task->group_leader->thread_pid);
	record = bpf_map_lookup_elem(&exec_scratch, &zero);
	if (!tgid || !record) {
		COUNT(own->filtered);
		return;
	}
	record->head = (struct record_head){.type = RECORD_EXEC};
	describe(&record->process, task, tgid);
	exe_len = bpf_probe_read_kernel_str(record->text, RECORD_EXE_MAX, bprm->filename);
	exe_len = exe_len > 0 ? exe_len - 1 : 0;
	record->args_truncated = 0;
	if (capture_args && !args_off)
		args_len = read_args(own, record, task->mm, exe_len);
	record->exe_len = exe_len;
	record->args_len = args_len;
	if (exe_len > RECORD_EXE_MAX || args_len > RECORD_ARGS_MAX)
		return;
	if (bpf_ringbuf_output(&ring, record, RECORD_EXEC_MIN + exe_len + args_len, wake_flags()))
		COUNT(own->dropped[COUNT_EXEC]);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct cpu_counters *own = own_counters();
	__u64 began;

	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_EXEC);
	report_exec(own, task, bprm);
	run_end(own, PROGRAM_EXEC, began);
	return 0;
}

static __always_inline __u32 wait_status(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	return signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code
						 : task->group_leader->exit_code;
}

static __always_inline __u64 cpu_of_a_life(struct task_struct *task)
{
	struct record_work work = {};

	add_dead_threads(&work, task);
	add_threads(&work, task);
	return work.cpu_ns;
}

/* After the end was reported, and whether or not it was: the number may be somebody else's next. */
static __always_inline void forget_connects(__u32 tgid)
{
	if (network && bpf_map_lookup_elem(&connects, &tgid))
		bpf_map_delete_elem(&connects, &tgid);
}

static __always_inline void report_exit(struct cpu_counters *own, struct task_struct *task)
{
	struct record_exit *record;
	/* Before the record has its place: of two threads that end together the first tells the count. */
	__u32 tgid, connected = connects_of(task->tgid);

	COUNT(own->generated[COUNT_EXIT]);
	tgid = pid_number(task->group_leader->thread_pid);
	if (!tgid) {
		COUNT(own->filtered);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		COUNT(own->dropped[COUNT_EXIT]);
		return;
	}
	record->head = (struct record_head){.type = RECORD_EXIT};
	describe(&record->process, task, tgid);
	record->status = wait_status(task);
	record->connects = connected;
	record->maxrss_pages = task->signal->maxrss;
	record->cpu_ns = cpu_of_a_life(task);
	bpf_ringbuf_submit(record, wake_flags());
}

/* Only the leading argument exists everywhere, so the second is touched only where BTF has it. */
SEC("tp_btf/sched_process_exit")
int on_exit(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct cpu_counters *own = own_counters();
	bool group_dead;
	__u64 began;

	if (!own)
		return 0;
	if (exit_has_group_dead)
		group_dead = ctx[1] & 1;
	else
		group_dead = task->signal->live.counter == 0;
	if (!group_dead)
		return 0;
	began = run_begin(own, PROGRAM_EXIT);
	report_exit(own, task);
	forget_connects(task->tgid);
	run_end(own, PROGRAM_EXIT, began);
	return 0;
}

static __always_inline void report_oom(struct cpu_counters *own, struct task_struct *task)
{
	struct record_oom *record;
	__u32 tgid;

	COUNT(own->generated[COUNT_OOM]);
	tgid = pid_number(task->group_leader->thread_pid);
	if (!tgid) {
		COUNT(own->filtered);
		return;
	}
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		COUNT(own->dropped[COUNT_OOM]);
		return;
	}
	record->head = (struct record_head){.type = RECORD_OOM};
	describe(&record->process, task, tgid);
	bpf_ringbuf_submit(record, wake_flags());
}

/* Loaded only where the leading argument is the task; it was a number once. */
SEC("tp_btf/mark_victim")
int on_oom(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct cpu_counters *own = own_counters();
	__u64 began;

	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_OOM);
	report_oom(own, task);
	run_end(own, PROGRAM_OOM, began);
	return 0;
}
