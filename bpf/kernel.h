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

struct path {
	void *dentry;
};

struct file {
	struct path f_path;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct linux_binprm {
	const char *filename;
};

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
	unsigned long maxrss; /* pages */
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
	char comm[16];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* Numbers differ between kernels; bpf_core_enum_value() asks the running one. */
enum cgroup_subsys_id {
	memory_cgrp_id,
	pids_cgrp_id,
};
