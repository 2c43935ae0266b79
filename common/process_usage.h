/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What samples say of one process of the table: rates from counters, and what the dead leave to
 * those above them. A part of process_table; changes nothing but usage.
 */
#pragma once

#include "common/process_table.h"

/* When the last pass began that was received whole; 0: none was. */
uint64_t process_usage_base(const struct process_table *table);

/* Takes over a sample, unless a newer one is known. */
void process_usage_learn(const struct process_table *table, struct process_usage *usage,
	const struct sample *sample);

/*
 * @entry has ended as @end says: what it used and connected since its last sample, and what its
 * children left with it, goes to who is alive above it, since the next pass will not show it.
 */
void process_usage_bequeath(
	const struct process_table *table, struct process_entry *entry, const struct exit *end);

/* Not so a process whose first thread has ended before the others. */
bool process_usage_zombie(const struct sample *sample);
