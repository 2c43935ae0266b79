/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Which processes an incident shows: the culprit's tree and those that use most. Bounded: one walk
 * over the living, nothing is sorted as a whole. Pure; entries are borrowed.
 */
#pragma once

#include "common/process_table.h"

#define EVIDENCE_TREE_MAX  64
#define EVIDENCE_ABOVE_MAX 16 /* of the tree */
#define EVIDENCE_TOP_MAX   10 /* of each list */
#define EVIDENCE_ROWS_MAX  (EVIDENCE_TREE_MAX + 3 * EVIDENCE_TOP_MAX)

struct evidence_row {
	const struct process_entry *entry;
	uint16_t lists; /* enum incident_list */
	int16_t generation;
};

/* One row a process. */
struct evidence_rows {
	unsigned count;
	struct evidence_row at[EVIDENCE_ROWS_MAX];
};

/* Into no rows yet: @culprit, those above it, then those below it, nearest and living first. */
void evidence_rows_tree(struct evidence_rows *rows, const struct process_entry *culprit);

/* Who uses most CPU, memory and files; who uses none is not listed. */
void evidence_rows_top(struct evidence_rows *rows, const struct process_table *table);

/* Its own CPU use in the last whole pass; an exited one's is that of its last sample. */
double evidence_cpu_pct(const struct process_table *table, const struct process_entry *entry);
