/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_tree.h"

static struct process_children *siblings_of(
	struct process_table *table, const struct process_entry *entry)
{
	return entry->parent ? &entry->parent->children : &table->roots;
}

void process_tree_past(struct process_table *table, struct process_entry *entry)
{
	for (; entry && entry->exited && !entry->zombie; entry = entry->parent) {
		const struct process_entry *first = TAILQ_FIRST(&entry->children);

		/* What it still has to hand on is for the next walk. */
		if (entry->past || entry->usage.pending_cpu_us > 0 ||
			entry->usage.pending_connects > 0 || (first && !first->past))
			return;
		entry->past = true;
		TAILQ_REMOVE(siblings_of(table, entry), entry, siblings);
		TAILQ_INSERT_TAIL(siblings_of(table, entry), entry, siblings);
	}
}

void process_tree_present(struct process_table *table, struct process_entry *entry)
{
	for (; entry && entry->past; entry = entry->parent) {
		entry->past = false;
		TAILQ_REMOVE(siblings_of(table, entry), entry, siblings);
		TAILQ_INSERT_HEAD(siblings_of(table, entry), entry, siblings);
	}
}

void process_tree_hang(
	struct process_table *table, struct process_entry *entry, struct process_entry *parent)
{
	entry->parent = parent;
	if (entry->past) {
		TAILQ_INSERT_TAIL(siblings_of(table, entry), entry, siblings);
		return;
	}
	TAILQ_INSERT_HEAD(siblings_of(table, entry), entry, siblings);
	process_tree_present(table, parent);
}

void process_tree_unhang(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *parent = entry->parent;

	TAILQ_REMOVE(siblings_of(table, entry), entry, siblings);
	entry->parent = NULL;
	process_tree_past(table, parent);
}
