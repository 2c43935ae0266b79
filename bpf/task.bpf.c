/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One record for each process that is alive, for whoever reads the iterator. */
#include "collector.h"

/* Whoever reads is collectord itself: its own pid shows how deep its namespace is. */
static __always_inline void learn_level(struct task_struct *task)
{
	if ((__u32)task->tgid == bpf_get_current_pid_tgid() >> 32)
		own_level = task->thread_pid->level;
}

/* The file the process runs, as collectord's own root shows it. Returns its length. */
static __always_inline __u64 read_exe(struct task_struct *task, struct record_sample *record)
{
	struct mm_struct *mm = task->mm;
	struct file *file;
	long len;

	if (!mm)
		return 0;
	file = mm->exe_file;
	if (!file)
		return 0;
	len = bpf_d_path(&file->f_path, record->exe, sizeof(record->exe));
	return len > 0 && len <= RECORD_EXE_MAX ? len - 1 : 0;
}

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct record_sample record = {.head = {.type = RECORD_SAMPLE}};
	struct cpu_counters *own;
	__u64 began;
	__u32 tgid;
	__u64 exe_len = 0;

	if (!task || task->pid != task->tgid || task->signal->live.counter == 0)
		return 0;
	learn_level(task);
	own = own_counters();
	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_TASK);
	tgid = pid_number(task->thread_pid);
	if (tgid) {
		describe(&record.process, task, tgid);
		if (sample_exe)
			exe_len = read_exe(task, &record);
		record.exe_len = exe_len;
		if (exe_len <= RECORD_EXE_MAX)
			bpf_seq_write(seq, &record, RECORD_SAMPLE_BYTES(exe_len));
	}
	run_end(own, PROGRAM_TASK, began);
	return 0;
}
