/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types our programs look at, with only the fields they use. Offsets are relocated at
 * load time (CO-RE), so order, size and neighbours do not matter here. A field that other kernels
 * name or place differently has a flavour: struct name___what. Declares nothing that no program
 * reads.
 */
#pragma once

#include <stdbool.h>
#include <linux/types.h>

#define PF_KTHREAD	  0x00200000U
#define SIGNAL_GROUP_EXIT 4U
#define EXIT_ZOMBIE 0x20
#define RLIMIT_NOFILE	  7
#define S_IFMT		  00170000
#define S_IFSOCK	  0140000
#define AF_INET		  2
#define AF_INET6	  10
#define SOCK_STREAM	  1
#define IPPROTO_TCP	  6

enum tcp_state { TCP_SYN_SENT = 2, TCP_CLOSE = 7, TCP_LISTEN = 10 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* Since 6.9 a pid has the inode that fstat() shows on its pidfd. */
struct pid___with_ino {
	__u64 ino;
};

struct cred {
	kuid_t euid;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	unsigned int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

struct inode {
	__u16 i_mode;
};

struct path {
	void *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct sock_common {
	__u16 skc_family;
	volatile unsigned char skc_state;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type, sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

/* Pages by kind, since 6.2 and before. */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

struct percpu_counter {
	__s64 count; /* what CPUs keep to themselves is not in it: up to a batch of pages each */
};

struct mm_struct___percpu {
	struct percpu_counter rss_stat[NR_MM_COUNTERS];
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct mm_rss_stat {
	atomic64_t count[NR_MM_COUNTERS];
};

struct mm_struct___before_percpu {
	struct mm_rss_stat rss_stat;
};

struct fdtable {
	unsigned int max_fds;
	unsigned long *open_fds; /* one bit each */
};

struct files_struct {
	struct fdtable *fdt;
};

struct rlimit {
	unsigned long rlim_cur;
};

struct list_head {
	struct list_head *next;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct task_io_accounting {
	__u64 read_bytes, write_bytes;
};

struct linux_binprm {
	const char *filename;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
	unsigned long maxrss; /* pages */
	int nr_threads;
	struct list_head thread_head;
	struct rlimit rlim[16];
	/* Of threads that are gone. */
	__u64 sum_sched_runtime;
	unsigned long maj_flt;
	struct task_io_accounting ioac;
};

struct task_struct {
	unsigned int flags;
	int exit_code;
	int pid, tgid;
	__u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	struct css_set *cgroups;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct files_struct *files;
	struct sched_entity se;
	struct list_head thread_node;
	struct task_io_accounting ioac;
	unsigned long maj_flt;
	int exit_state;
	char comm[16];
};

/* Its state is called so since 5.14, and differently before. */
struct task_struct___with_underscores {
	unsigned int __state;
};

struct task_struct___before_underscores {
	long state;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#pragma clang attribute pop

/* Numbers differ between kernels; bpf_core_enum_value() asks the running one. */
enum cgroup_subsys_id {
	memory_cgrp_id,
	pids_cgrp_id,
};
