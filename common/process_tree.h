/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Parents and children in the process table, those that are past behind the others. A part of
 * process_table; changes nothing but the links.
 */
#pragma once

#include "common/process_table.h"

/* @entry, which hangs nowhere, goes below @parent; NULL: among the roots. */
void process_tree_hang(
	struct process_table *table, struct process_entry *entry, struct process_entry *parent);
void process_tree_unhang(struct process_table *table, struct process_entry *entry);

/* @entry has ended: if nobody lives below it goes behind its siblings, and so on upwards. */
void process_tree_past(struct process_table *table, struct process_entry *entry);

/* The other way round: somebody is at or below @entry again. */
void process_tree_present(struct process_table *table, struct process_entry *entry);
