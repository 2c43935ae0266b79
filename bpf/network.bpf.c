/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP: who begins connections, counted where it happens, and who holds how many, when collectord asks. */
#include "collector.h"

#define SEEN_SLOTS 4096 /* a power of two */
#define SEEN_SHIFT 52

/* Sockets that were met in this thread: a duplicated descriptor leads to the same one. A later one may take the place
 * of an earlier one. */
struct seen {
	__u64 socket;
	__u32 walk, tid;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEN_SLOTS);
	__type(key, __u32);
	__type(value, struct seen);
} seen_sockets SEC(".maps");

static __always_inline bool is_inet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

static __always_inline void count_connect(__u32 tgid)
{
	__u32 one = 1, *count = bpf_map_lookup_elem(&connects, &tgid);

	if (!count && bpf_map_update_elem(&connects, &tgid, &one, BPF_NOEXIST) == 0)
		return;
	/* Another thread may have been the first meanwhile. */
	if (!count)
		count = bpf_map_lookup_elem(&connects, &tgid);
	if (count)
		COUNT(*count);
	else
		COUNT(connects_lost);
}

/* This change of state alone always happens in the process that wanted it. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_connect, const struct sock *sk, const int old_state, const int new_state)
{
	struct cpu_counters *own;
	__u64 began;

	if (old_state != TCP_CLOSE || new_state != TCP_SYN_SENT || connects_off)
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP || !is_inet(sk->__sk_common.skc_family))
		return 0;
	own = own_counters();
	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_CONNECT);
	count_connect(bpf_get_current_pid_tgid() >> 32);
	run_end(own, PROGRAM_CONNECT, began);
	return 0;
}

/* Where the socket is, if it is a connection; else 0. */
static __always_inline __u64 connection_of(struct file *file)
{
	struct socket *socket;
	struct sock *sk;
	__u8 state;

	if ((file->f_inode->i_mode & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data); /* a number that can be computed with, not a pointer */
	if (!socket) /* O_PATH */
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !is_inet(BPF_CORE_READ(sk, __sk_common.skc_family)))
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TCP_CLOSE || state == TCP_LISTEN || BPF_CORE_READ(sk, sk_type) != SOCK_STREAM)
		return 0;
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ? (__u64)socket : 0;
}

static __always_inline bool is_seen(struct connections_walk *walk, __u64 socket)
{
	__u32 at = socket * 0x9e3779b97f4a7c15ULL >> SEEN_SHIFT;
	struct seen *seen = bpf_map_lookup_elem(&seen_sockets, &at);

	if (!seen)
		return false;
	if (seen->socket == socket && seen->tid == walk->tid && seen->walk == walk->number)
		return true;
	*seen = (struct seen){socket, walk->number, walk->tid};
	return false;
}

/* Tells of the thread before. False: no room; the kernel comes back with the same file, and nothing may have changed.
 */
static __always_inline bool write_connections(struct seq_file *seq, struct connections_walk *walk)
{
	struct record_connections record = walk->record;

	return record.count == 0 || bpf_seq_write(seq, &record, sizeof(record)) == 0;
}

static __always_inline void begin_thread(struct connections_walk *walk, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	walk->tid = task->pid;
	walk->record.head = (struct record_head){.type = RECORD_CONNECTIONS};
	walk->record.tgid = pid_number(leader->thread_pid);
	walk->record.start_ns = leader->start_boottime;
	walk->record.count = 0;
}

static __always_inline void look_at(
	struct seq_file *seq, struct task_struct *task, struct file *file, struct connections_walk *walk)
{
	__u64 socket;

	if ((__u32)task->pid != walk->tid) {
		if (!write_connections(seq, walk))
			return;
		begin_thread(walk, task);
	}
	socket = walk->record.tgid ? connection_of(file) : 0;
	if (socket && !is_seen(walk, socket))
		walk->record.count++;
}

/* The kernel leaves out threads that share the files of their leader. */
SEC("iter/task_file")
int on_file(struct bpf_iter__task_file *ctx)
{
	struct connections_walk *walk = &connections_walk;
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct cpu_counters *own;
	__u64 began;

	if (!task || !file) { /* the end */
		if (write_connections(seq, walk))
			walk->record.count = 0;
		return 0;
	}
	own = own_counters();
	if (!own)
		return 0;
	began = run_begin(own, PROGRAM_CONNECTIONS);
	look_at(seq, task, file, walk);
	run_end(own, PROGRAM_CONNECTIONS, began);
	return 0;
}
