/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/tree.h"

#include <errno.h>

/* One sweep at a time: shared by all trees. Pages that no sweep touches cost nothing. */
static struct proc_stat snapshot[TREE_PROCESSES_MAX];
static size_t snapshot_count;
static const struct proc_stat *fresh[TREE_PROCESSES_MAX];

/* What a pid is to the tree being swept: these bits, and its row + 1 above them. All zero between
 * sweeps. */
enum mark { MARK_MEMBER = 1, MARK_KEY = 2, MARK_ROW_SHIFT = 2 };
static uint16_t marks[PROC_PID_MAX + 1];

void tree_init(struct tree *tree, struct tree_member *members, unsigned rows_max)
{
	*tree = (struct tree){.members = members, .rows_max = rows_max};
}

struct tree_member *tree_add(struct tree *tree, uint32_t pid, uint64_t start_ticks)
{
	unsigned i = 0;

	while (i < tree->rows && tree->members[i].pid != 0)
		i++;
	if (i == tree->rows_max)
		return NULL;
	tree->rows = MAX(tree->rows, i + 1);
	tree->members[i] =
		(struct tree_member){.pid = pid, .pidfd = -1, .start_ticks = start_ticks};
	return &tree->members[i];
}

void tree_remove(struct tree *tree, struct tree_member *member)
{
	member->pid = 0;
	while (tree->rows > 0 && tree->members[tree->rows - 1].pid == 0)
		tree->rows--;
}

static bool marked(uint32_t pid, unsigned mask)
{
	return pid > 1 && pid <= PROC_PID_MAX && (marks[pid] & mask) != 0;
}

static struct tree_key *find_key(struct tree *tree, uint32_t id)
{
	for (unsigned i = 0; i < tree->key_count; i++)
		if (tree->keys[i].id == id)
			return &tree->keys[i];
	return NULL;
}

static void drop_key(struct tree *tree, struct tree_key *key)
{
	marks[key->id] &= (uint16_t)~MARK_KEY;
	*key = tree->keys[--tree->key_count];
}

/* Marks what is known from the sweeps before: rows and keys. */
static void mark_known(struct tree *tree, uint64_t now_ns)
{
	for (unsigned i = tree->key_count; i-- > 0;)
		if (now_ns - tree->keys[i].seen_ns > TREE_KEY_NS)
			drop_key(tree, &tree->keys[i]);
	for (unsigned i = 0; i < tree->key_count; i++)
		marks[tree->keys[i].id] |= MARK_KEY;
	for (unsigned i = 0; i < tree->rows; i++)
		if (tree->members[i].pid != 0)
			marks[tree->members[i].pid] |= (uint16_t)((i + 1) << MARK_ROW_SHIFT);
}

/* A row or key is about @process only if it started when that did: else the pid has been given to a
 * stranger. */
static void recognise(struct tree *tree, const struct proc_stat *process)
{
	unsigned row = marks[process->pid] >> MARK_ROW_SHIFT;
	struct tree_key *key = marked(process->pid, MARK_KEY) ? find_key(tree, process->pid) : NULL;

	if (row != 0 && tree->members[row - 1].start_ticks == process->start_ticks)
		marks[process->pid] |= MARK_MEMBER;
	else
		marks[process->pid] &= MARK_MEMBER | MARK_KEY;
	if (key && key->start_ticks == process->start_ticks)
		marks[process->pid] |= MARK_MEMBER;
	else if (key)
		drop_key(tree, key);
}

static bool related(const struct proc_stat *process)
{
	return marked(process->ppid, MARK_MEMBER) ||
	       marked(process->pgrp, MARK_MEMBER | MARK_KEY) ||
	       marked(process->session, MARK_MEMBER | MARK_KEY);
}

static void mark_related(const struct proc_stat *all, size_t count)
{
	bool grown = true;

	while (grown) {
		grown = false;
		for (size_t i = 0; i < count; i++) {
			if (marked(all[i].pid, MARK_MEMBER) || all[i].pid <= 1 || !related(&all[i]))
				continue;
			marks[all[i].pid] |= MARK_MEMBER;
			grown = true;
		}
	}
}

static void add_key(struct tree *tree, const struct proc_stat *leader, uint64_t now_ns)
{
	struct tree_key *key = &tree->keys[0];

	if (tree->key_count < TREE_KEYS_MAX)
		key = &tree->keys[tree->key_count++];
	else
		for (unsigned i = 1; i < TREE_KEYS_MAX; i++)
			if (tree->keys[i].seen_ns < key->seen_ns)
				key = &tree->keys[i];
	marks[key->id] &= (uint16_t)~MARK_KEY; /* of the one that gives way */
	*key = (struct tree_key){leader->pid, leader->start_ticks, now_ns};
}

/* Keeps the keys that @member shows to be in use, and what it leads itself. */
static void remember_keys(struct tree *tree, const struct proc_stat *member, uint64_t now_ns)
{
	const uint32_t ids[] = {member->pgrp, member->session};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct tree_key *key = find_key(tree, ids[i]);

		if (key)
			key->seen_ns = now_ns;
		else if (ids[i] == member->pid)
			add_key(tree, member, now_ns);
	}
}

static void clear_marks(const struct tree *tree, const struct proc_stat *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		marks[all[i].pid] = 0;
	for (unsigned i = 0; i < tree->rows; i++)
		marks[tree->members[i].pid] = 0;
	for (unsigned i = 0; i < tree->key_count; i++)
		marks[tree->keys[i].id] = 0;
}

void tree_find(struct tree *tree, const struct proc_stat *all, size_t count, uint64_t now_ns,
	struct tree_found *found)
{
	*found = (struct tree_found){.list = fresh};
	mark_known(tree, now_ns);
	for (size_t i = 0; i < count; i++)
		recognise(tree, &all[i]);
	mark_related(all, count);
	for (size_t i = 0; i < count; i++) {
		if (!marked(all[i].pid, MARK_MEMBER))
			continue;
		remember_keys(tree, &all[i], now_ns);
		if (marks[all[i].pid] >> MARK_ROW_SHIFT == 0 && !all[i].dead)
			fresh[found->count++] = &all[i];
	}
	clear_marks(tree, all, count);
}

static int take(uint32_t pid, void *ctx)
{
	struct proc_stat *stat = &snapshot[snapshot_count];

	(void)ctx;
	if (snapshot_count == TREE_PROCESSES_MAX)
		return -E2BIG;
	/* What has gone since it was listed, and kernel threads, are nobody's members. */
	if (proc_stat(pid, stat) == 0 && !stat->kernel_thread)
		snapshot_count++;
	return 0;
}

int tree_sweep(struct tree *tree, uint64_t now_ns, struct tree_found *found)
{
	int r;

	snapshot_count = 0;
	r = proc_each(take, NULL);
	if (r == 0)
		tree_find(tree, snapshot, snapshot_count, now_ns, found);
	return r;
}
