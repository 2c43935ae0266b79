/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Which processes belong to a target's tree: those whose parent, process-group leader or session
 * leader belongs to it. Sweeps /proc and decides; never opens a pidfd, never signals. Bounded,
 * without allocation after tree_init().
 */
#pragma once

#include "common/base.h"
#include "enforcerd/proc.h"

#define TREE_MEMBERS_MAX   4096
#define TREE_PROCESSES_MAX 65536 /* of the whole host in one sweep */

/*
 * A group or session of the tree is remembered this long after a member was last seen in it: enough
 * for a child that outlived its parent between two sweeps, too short for its number to be given to
 * somebody else (one round of 32,768 pids takes 2.3 s at 14,000 forks a second, the fastest that
 * was measured).
 */
#define TREE_KEY_NS   NSEC_PER_SEC
#define TREE_KEYS_MAX 256

struct tree_member {
	uint32_t pid; /* 0: a free row */
	int pidfd;    /* of whoever fills the rows; -1: none */
	uint64_t start_ticks;
	bool signalled[3], was_stopped, spared; /* of whoever fills the rows */
};

/* A group or session led by a member, which may have exited since. */
struct tree_key {
	uint32_t id;
	uint64_t start_ticks; /* of its leader: another process with this pid ends the key */
	uint64_t seen_ns;
};

struct tree {
	struct tree_member *members;
	unsigned rows, rows_max; /* rows in use are among the first @rows */
	struct tree_key keys[TREE_KEYS_MAX];
	unsigned key_count;
};

/* @members: @rows_max rows that live as long as the tree. */
void tree_init(struct tree *tree, struct tree_member *members, unsigned rows_max);

/* Adds a process; pidfd -1. NULL: no room. */
struct tree_member *tree_add(struct tree *tree, uint32_t pid, uint64_t start_ticks);
void tree_remove(struct tree *tree, struct tree_member *member);

/* A member found by a sweep that has no row yet. Borrowed until the next sweep of any tree. */
struct tree_found {
	const struct proc_stat *const *list;
	size_t count;
};

/*
 * Looks at every process once and finds the living members without a row. 0, -E2BIG (more
 * processes than can be looked at), or -errno.
 */
must_check int tree_sweep(struct tree *tree, uint64_t now_ns, struct tree_found *found);

/* Pure part of tree_sweep(): the same on a given list of all processes. */
void tree_find(struct tree *tree, const struct proc_stat *all, size_t count, uint64_t now_ns,
	struct tree_found *found);
