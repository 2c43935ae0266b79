/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/evidence_rows.h"

#include "common/process_usage.h"


struct top {
	unsigned count;
	uint16_t list;
	struct {
		const struct process_entry *entry;
		double value;
	} at[EVIDENCE_TOP_MAX]; /* most first */
};

static bool add_to_tree(
	struct evidence_rows *rows, const struct process_entry *entry, int generation)
{
	if (rows->count >= EVIDENCE_TREE_MAX)
		return false;
	rows->at[rows->count++] =
		(struct evidence_row){entry, INCIDENT_IN_TREE, (int16_t)generation};
	return true;
}

static void add_above(struct evidence_rows *rows, const struct process_entry *culprit)
{
	int generation = -1;

	for (const struct process_entry *entry = culprit->parent;
		entry && generation >= -EVIDENCE_ABOVE_MAX; entry = entry->parent, generation--)
		if (entry->known)
			add_to_tree(rows, entry, generation);
}

static bool add_children(
	struct evidence_rows *rows, const struct evidence_row *above, bool exited)
{
	const struct process_entry *child;

	TAILQ_FOREACH (child, &above->entry->children, siblings)
		if (child->known && child->exited == exited &&
			!add_to_tree(rows, child, above->generation + 1))
			return false;
	return true;
}

/* The rows are the queue of those whose children come next. */
void evidence_rows_tree(struct evidence_rows *rows, const struct process_entry *culprit)
{
	unsigned next;

	add_to_tree(rows, culprit, 0);
	add_above(rows, culprit);
	next = rows->count;
	if (!add_children(rows, &rows->at[0], false) || !add_children(rows, &rows->at[0], true))
		return;
	for (; next < rows->count; next++)
		if (!add_children(rows, &rows->at[next], false) ||
			!add_children(rows, &rows->at[next], true))
			return;
}

double evidence_cpu_pct(const struct process_table *table, const struct process_entry *entry)
{
	const struct process_usage *usage = &entry->usage;

	/* What was not sent again has not run since. */
	return entry->exited || usage->time_ns >= process_usage_base(table)
		       ? (double)usage->cpu_pct
		       : 0;
}

static void offer(struct top *top, const struct process_entry *entry, double value)
{
	unsigned at;

	if (!(value > 0) ||
		(top->count == EVIDENCE_TOP_MAX && value <= top->at[top->count - 1].value))
		return;
	if (top->count < EVIDENCE_TOP_MAX)
		top->count++;
	for (at = top->count - 1; at > 0 && top->at[at - 1].value < value; at--)
		top->at[at] = top->at[at - 1];
	top->at[at].entry = entry;
	top->at[at].value = value;
}

static struct evidence_row *row_of(struct evidence_rows *rows, const struct process_entry *entry)
{
	for (unsigned i = 0; i < rows->count; i++)
		if (rows->at[i].entry == entry)
			return &rows->at[i];
	rows->at[rows->count] = (struct evidence_row){.entry = entry};
	return &rows->at[rows->count++];
}

static void list(struct evidence_rows *rows, const struct top *top)
{
	for (unsigned i = 0; i < top->count; i++)
		row_of(rows, top->at[i].entry)->lists |= top->list;
}

void evidence_rows_top(struct evidence_rows *rows, const struct process_table *table)
{
	struct top cpu = {.list = INCIDENT_TOP_CPU}, rss = {.list = INCIDENT_TOP_RSS},
		   fds = {.list = INCIDENT_TOP_FDS};
	const struct process_entry *entry;

	TAILQ_FOREACH (entry, &table->live, order) {
		if (!entry->known)
			continue;
		offer(&cpu, entry, evidence_cpu_pct(table, entry));
		offer(&rss, entry, entry->usage.rss_kib);
		offer(&fds, entry, entry->usage.fds);
	}
	list(rows, &cpu);
	list(rows, &rss);
	list(rows, &fds);
}
