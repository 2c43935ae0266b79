/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the threads of a process have used. Reads only; a list that changes meanwhile gives a sum
 * that is too small by what one thread has used, never one that is too large.
 */
#pragma once

#include "collector.h"

#define THREADS_WALKED 512 /* a bound the verifier can follow */

/* Storage and faults are not counted by every kernel. */
#define HAS_IO bpf_core_field_exists(((struct task_io_accounting *)0)->read_bytes)

static __always_inline void add_thread(struct record_work *work, struct task_struct *thread)
{
	__u64 io[2];

	work->cpu_ns += BPF_CORE_READ(thread, se.sum_exec_runtime);
	work->major_faults += BPF_CORE_READ(thread, maj_flt);
	/* Each read costs as much as all the rest; these two have always stood side by side. */
	if (HAS_IO && !bpf_probe_read_kernel(io, sizeof(io), &thread->ioac.read_bytes)) {
		work->read_bytes += io[0];
		work->write_bytes += io[1];
	}
}

/* Those that are gone. To be asked first: one that goes between the two is then missed, not counted
 * twice. */
static __always_inline void add_dead_threads(struct record_work *work, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	work->cpu_ns += signal->sum_sched_runtime;
	work->major_faults += signal->maj_flt;
	if (HAS_IO) {
		work->read_bytes += signal->ioac.read_bytes;
		work->write_bytes += signal->ioac.write_bytes;
	}
}

/* The first THREADS_WALKED of those in the list, the leader among them. */
static __always_inline void add_threads(struct record_work *work, struct task_struct *task)
{
	const __u64 node = bpf_core_field_offset(struct task_struct, thread_node);
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u64 head = (__u64)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	__u64 at = (__u64)BPF_CORE_READ(signal, thread_head.next);

	for (int i = 0; i < THREADS_WALKED && at && at != head; i++) {
		struct task_struct *thread = (void *)(at - node);

		add_thread(work, thread);
		at = (__u64)BPF_CORE_READ(thread, thread_node.next);
	}
}
