/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Finds the entries of a process table by identity: open addressing with eight bytes a slot, the
 * entry's address and a part of its hash, so that a million processes take 16 MiB and a probe looks
 * at an entry only when it is the one. Borrows the entries.
 */
#pragma once

#include "common/base.h"

struct process_entry;

struct process_index {
	uint64_t *slots; /* address << 16 | tag; 0: free */
	size_t capacity; /* a power of two, or 0 before the first put */
	size_t count;
};

void process_index_done(struct process_index *index);

/* The entry of this identity, or NULL. */
struct process_entry *process_index_find(
	const struct process_index *index, uint32_t tgid, uint64_t start_ns);

/* Adds @entry, whose identity is not in it yet. 0 or -ENOMEM. */
must_check int process_index_put(struct process_index *index, struct process_entry *entry);

/* Takes out @entry, which is in it. */
void process_index_remove(struct process_index *index, const struct process_entry *entry);
