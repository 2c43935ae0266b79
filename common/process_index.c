/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_index.h"

#include <errno.h>

#include "common/process_table.h"

#define CAPACITY_MIN 64
#define TAG_BITS     16
#define TAG_MASK     ((1U << TAG_BITS) - 1)

void process_index_done(struct process_index *index)
{
	free(index->slots);
	*index = (struct process_index){0};
}

static uint64_t hash_of(uint32_t tgid, uint64_t start_ns)
{
	uint64_t hash = (tgid ^ start_ns * 0x9fb21c651e98df25ULL) * 0xd6e8feb86659fd93ULL;

	return hash ^ hash >> 32;
}

static uint64_t hash_entry(const struct process_entry *entry)
{
	return hash_of(entry->info.tgid, entry->info.start_ns);
}

/* The top bits: the place is told by the bottom ones. */
static uint64_t tag_of(uint64_t hash)
{
	return hash >> (64 - TAG_BITS);
}

static struct process_entry *entry_at(const struct process_index *index, size_t at)
{
	return (struct process_entry *)(uintptr_t)(index->slots[at] >> TAG_BITS);
}

static size_t home(const struct process_index *index, uint64_t hash)
{
	return (size_t)hash & (index->capacity - 1);
}

static size_t after(const struct process_index *index, size_t at)
{
	return (at + 1) & (index->capacity - 1);
}

struct process_entry *process_index_find(
	const struct process_index *index, uint32_t tgid, uint64_t start_ns)
{
	uint64_t hash = hash_of(tgid, start_ns), tag = tag_of(hash);

	if (index->capacity == 0)
		return NULL;
	for (size_t at = home(index, hash); index->slots[at]; at = after(index, at)) {
		struct process_entry *entry = entry_at(index, at);

		if ((index->slots[at] & TAG_MASK) == tag && entry->info.tgid == tgid &&
			entry->info.start_ns == start_ns)
			return entry;
	}
	return NULL;
}

/* @slot goes to the first free place from its home on. */
static void place(struct process_index *index, uint64_t hash, uint64_t slot)
{
	size_t at = home(index, hash);

	while (index->slots[at])
		at = after(index, at);
	index->slots[at] = slot;
}

static int resize(struct process_index *index, size_t capacity)
{
	struct process_index other = {.capacity = capacity, .count = index->count};

	other.slots = calloc(capacity, sizeof(*other.slots));
	if (!other.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->capacity; i++)
		if (index->slots[i])
			place(&other, hash_entry(entry_at(index, i)), index->slots[i]);
	free(index->slots);
	*index = other;
	return 0;
}

int process_index_put(struct process_index *index, struct process_entry *entry)
{
	uint64_t hash = hash_entry(entry), slot = (uint64_t)(uintptr_t)entry << TAG_BITS;

	/* User addresses have 48 bits unless more are asked for. */
	if (slot >> TAG_BITS != (uintptr_t)entry)
		return -ENOMEM;
	if (index->count >= index->capacity / 4 * 3) {
		int r = resize(index, index->capacity > 0 ? index->capacity * 2 : CAPACITY_MIN);

		if (r < 0)
			return r;
	}
	place(index, hash, slot | tag_of(hash));
	index->count++;
	return 0;
}

/* Closes the gap at @gap: what stands behind it and may stand there moves up. */
static void close_gap(struct process_index *index, size_t gap)
{
	size_t mask = index->capacity - 1;

	for (size_t at = after(index, gap); index->slots[at]; at = after(index, at)) {
		size_t wanted = home(index, hash_entry(entry_at(index, at)));

		if (((at - wanted) & mask) >= ((at - gap) & mask)) {
			index->slots[gap] = index->slots[at];
			gap = at;
		}
	}
	index->slots[gap] = 0;
}

void process_index_remove(struct process_index *index, const struct process_entry *entry)
{
	size_t at = home(index, hash_entry(entry));

	while (entry_at(index, at) != entry)
		at = after(index, at);
	close_gap(index, at);
	index->count--;
	/* Memory of a past storm is given back; failing to is no error. */
	if (index->capacity > CAPACITY_MIN && index->count < index->capacity / 8)
		(void)!resize(index, index->capacity / 2);
}
