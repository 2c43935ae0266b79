/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One record for each process that is alive, and what it uses, for whoever reads the iterator. */
#include "collector.h"
#include "threads.h"

#define FD_WORDS_AT_ONCE 256
#define FD_WORDS_MAX	 16384 /* a million descriptors, what kernels allow */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_sample);
} sample_scratch SEC(".maps");

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

static __always_inline void read_memory(struct record_sample *record, struct mm_struct *mm)
{
	struct mm_struct___percpu *percpu = (void *)mm;
	struct mm_struct___before_percpu *before = (void *)mm;

	/* An index that is no literal would not be relocated. Before 6.2 the verifier lets nobody look into the array. */
	if (bpf_core_field_exists(percpu->rss_stat[0].count)) {
		record->file_pages = percpu->rss_stat[MM_FILEPAGES].count;
		record->anon_pages = percpu->rss_stat[MM_ANONPAGES].count;
		record->swap_pages = percpu->rss_stat[MM_SWAPENTS].count;
		record->shmem_pages = percpu->rss_stat[MM_SHMEMPAGES].count;
	} else {
		record->file_pages = BPF_CORE_READ(before, rss_stat.count[MM_FILEPAGES].counter);
		record->anon_pages = BPF_CORE_READ(before, rss_stat.count[MM_ANONPAGES].counter);
		record->swap_pages = BPF_CORE_READ(before, rss_stat.count[MM_SWAPENTS].counter);
		record->shmem_pages = BPF_CORE_READ(before, rss_stat.count[MM_SHMEMPAGES].counter);
	}
}

static __always_inline __u64 bits_of(__u64 word)
{
	word -= word >> 1 & 0x5555555555555555ULL;
	word = (word & 0x3333333333333333ULL) + (word >> 2 & 0x3333333333333333ULL);
	word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return word * 0x0101010101010101ULL >> 56;
}

/*
 * Bits set in the first FD_WORDS_AT_ONCE of @count words at @words. Global, as count_files() is, so that the
 * verifier looks at it once and not once for each state of its caller; its arguments are numbers,
 * as 5.10 passes no pointers.
 */
__noinline __u64 count_bits(__u64 words, __u32 count)
{
	__u64 sum = 0, word;

	for (__u32 i = 0; i < FD_WORDS_AT_ONCE && i < count; i++) {
		if (bpf_probe_read_kernel(&word, sizeof(word), (void *)(words + i * sizeof(word))))
			break;
		sum += bits_of(word);
	}
	return sum;
}

/* The same of all @count words. */
__noinline __u64 count_files(__u64 words, __u32 count)
{
	__u64 sum = 0;

	/* Nothing to choose in a round: 5.10 and 6.1 would follow all 2^64 ways through. */
	for (__u32 at = 0; at < FD_WORDS_MAX && at < count; at += FD_WORDS_AT_ONCE)
		sum += count_bits(words + at * sizeof(__u64), count - at);
	return sum;
}

static __always_inline __u32 fds_of(struct files_struct *files)
{
	struct fdtable *table = files->fdt;

	return count_files((__u64)BPF_CORE_READ(table, open_fds), table->max_fds / 64);
}

static __always_inline __u32 state_of(struct task_struct *task)
{
	struct task_struct___with_underscores *with = (void *)task;
	struct task_struct___before_underscores *before = (void *)task;
	__u32 exit_state = task->exit_state;

	if (bpf_core_field_exists(with->__state))
		return with->__state | exit_state;
	return before->state | exit_state;
}

static __always_inline bool is_crowded(struct task_struct *task)
{
	return task->signal->nr_threads > THREADS_WALKED;
}

static __always_inline void read_usage(struct record_sample *record, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct files_struct *files = task->files;
	struct mm_struct *mm = task->mm;

	record->threads = signal->nr_threads;
	record->fd_limit = signal->rlim[RLIMIT_NOFILE].rlim_cur;
	record->state = state_of(task);
	record->apart = is_crowded(task);
	add_dead_threads(&record->work, task);
	if (record->apart)
		add_thread(&record->work, task);
	else
		add_threads(&record->work, task);
	if (mm)
		read_memory(record, mm);
	if (files)
		record->fds = fds_of(files);
}

static __always_inline void write_process(struct seq_file *seq, struct task_struct *task)
{
	struct record_sample *record;
	__u32 zero = 0, tgid = pid_number(task->thread_pid);
	__u64 exe_len = 0;

	record = bpf_map_lookup_elem(&sample_scratch, &zero);
	if (!tgid || !record)
		return;
	__builtin_memset(record, 0, RECORD_SAMPLE_MIN);
	record->head.type = RECORD_SAMPLE;
	describe(&record->process, task, tgid);
	if (!record->process.kernel_thread)
		read_usage(record, task);
	record->connects = connects_of(task->tgid);
	if (sample_exe && sample_texts)
		exe_len = read_exe(task, record);
	record->exe_len = exe_len;
	if (exe_len <= RECORD_EXE_MAX)
		bpf_seq_write(seq, record, RECORD_SAMPLE_BYTES(exe_len));
}

/* A thread of more than can be walked. */
static __always_inline void write_thread(struct seq_file *seq, struct task_struct *task)
{
	struct record_thread record = {.head = {.type = RECORD_THREAD}};
	struct task_struct *leader = task->group_leader;

	record.tgid = pid_number(leader->thread_pid);
	record.start_ns = leader->start_boottime;
	add_thread(&record.work, task);
	if (record.tgid)
		bpf_seq_write(seq, &record, sizeof(record));
}

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct cpu_counters *own;
	__u64 began;

	if (!task)
		return 0;
	if (task->pid != task->tgid) {
		if (is_crowded(task))
			write_thread(seq, task);
		return 0;
	}
	/* On its way out; what stays for its parent to wait for is told as the zombie it is. */
	if (task->signal->live.counter == 0 && !(task->exit_state & EXIT_ZOMBIE))
		return 0;
	learn_level(task);
	own = own_counters();
	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_TASK);
	write_process(seq, task);
	run_end(own, PROGRAM_TASK, began);
	return 0;
}
