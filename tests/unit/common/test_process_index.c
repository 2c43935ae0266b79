/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_index.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/process_table.h"

#define ENTRIES 5000

static struct process_entry entries[ENTRIES];

static struct process_entry *entry_of(unsigned n)
{
	entries[n].info.tgid = 1 + n % 7;
	entries[n].info.start_ns = (uint64_t)(n / 7) << 40;
	return &entries[n];
}

static struct process_entry *find(const struct process_index *index, unsigned n)
{
	const struct process_entry *entry = entry_of(n);

	return process_index_find(index, entry->info.tgid, entry->info.start_ns);
}

/* Against an array that cannot be wrong. */
static void finds_what_was_put_and_not_removed(void **state)
{
	static bool present[ENTRIES];
	struct process_index index = {0};
	uint64_t random = 1;
	size_t count = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned n;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		n = (unsigned)((random >> 33) % ENTRIES);
		assert_ptr_equal(find(&index, n), present[n] ? &entries[n] : NULL);
		/* Mostly added for a while, then mostly removed. */
		if ((i % 20000 < 10000 ? random >> 60 < 12 : random >> 60 < 4) == present[n])
			continue;
		if (present[n])
			process_index_remove(&index, &entries[n]);
		else
			assert_int_equal(process_index_put(&index, &entries[n]), 0);
		present[n] = !present[n];
		count = present[n] ? count + 1 : count - 1;
		assert_int_equal(index.count, count);
		assert_true(index.count <= index.capacity / 4 * 3 + 1);
	}
	for (unsigned n = 0; n < ENTRIES; n++)
		assert_ptr_equal(find(&index, n), present[n] ? &entries[n] : NULL);
	process_index_done(&index);
}

static void gives_memory_of_a_storm_back(void **state)
{
	struct process_index index = {0};
	size_t most;

	(void)state;
	for (unsigned n = 0; n < ENTRIES; n++)
		assert_int_equal(process_index_put(&index, entry_of(n)), 0);
	most = index.capacity;
	for (unsigned n = 10; n < ENTRIES; n++)
		process_index_remove(&index, &entries[n]);
	assert_true(index.capacity < most / 8);
	for (unsigned n = 0; n < 10; n++)
		assert_ptr_equal(find(&index, n), &entries[n]);
	process_index_done(&index);
}

static void nothing_is_in_an_empty_one(void **state)
{
	const struct process_index index = {0};

	(void)state;
	assert_null(process_index_find(&index, 1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_put_and_not_removed),
		cmocka_unit_test(gives_memory_of_a_storm_back),
		cmocka_unit_test(nothing_is_in_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
