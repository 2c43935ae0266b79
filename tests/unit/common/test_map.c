/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/intern.h"
#include "common/pool.h"

#define KEYS 5000

static struct map_key key_of(uint64_t n)
{
	return (struct map_key){n % 7, n / 7 << 40};
}

/* Against an array that cannot be wrong. */
static void holds_what_was_put_and_not_removed(void **state)
{
	static int values[KEYS];
	static bool present[KEYS];
	struct map map = MAP_INIT(KEYS);
	uint64_t random = 1;
	size_t count = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned n;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		n = (unsigned)((random >> 33) % KEYS);
		if (i % 20000 < 10000 ? random >> 60 < 12 : random >> 60 < 4) {
			assert_int_equal(map_put(&map, key_of(n), &values[n]), 0);
			count += !present[n];
			present[n] = true;
		} else {
			assert_ptr_equal(
				map_remove(&map, key_of(n)), present[n] ? &values[n] : NULL);
			count -= present[n];
			present[n] = false;
		}
		assert_int_equal(map.count, count);
	}
	for (unsigned n = 0; n < KEYS; n++)
		assert_ptr_equal(map_get(&map, key_of(n)), present[n] ? &values[n] : NULL);
	map_done(&map);
}

static void refuses_more_than_its_bound(void **state)
{
	struct map map = MAP_INIT(3);
	int value;

	(void)state;
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(map_put(&map, key_of(n), &value), 0);
	assert_int_equal(map_put(&map, key_of(3), &value), -ENOSPC);
	assert_int_equal(map_put(&map, key_of(2), &map), 0);
	assert_ptr_equal(map_get(&map, key_of(2)), &map);
	assert_null(map_get(&map, key_of(3)));
	map_done(&map);
}

static void walks_each_value_once(void **state)
{
	static int values[KEYS];
	struct map map = MAP_INIT(KEYS);
	size_t cursor = 0;
	unsigned seen = 0;
	int *value;

	(void)state;
	assert_null(map_next(&map, &cursor));
	for (unsigned n = 0; n < KEYS; n++)
		assert_int_equal(map_put(&map, key_of(n), &values[n]), 0);
	for (cursor = 0; (value = map_next(&map, &cursor)); seen++)
		assert_int_equal((*value)++, 0);
	assert_int_equal(seen, KEYS);
	map_done(&map);
}

static void gives_memory_back_when_emptied(void **state)
{
	struct map map = MAP_INIT(KEYS);
	int value;

	(void)state;
	for (unsigned n = 0; n < KEYS; n++)
		assert_int_equal(map_put(&map, key_of(n), &value), 0);
	for (unsigned n = 0; n < KEYS; n++)
		map_remove(&map, key_of(n));
	assert_true(map.capacity <= 64);
	map_done(&map);
}

static void a_pool_gives_zeroed_items_up_to_its_bound(void **state)
{
	struct pool pool = POOL_INIT(13, 4, 10);
	char *items[10];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 10; i++) {
			items[i] = pool_take(&pool);
			assert_non_null(items[i]);
			for (unsigned byte = 0; byte < 13; byte++)
				assert_int_equal(items[i][byte], 0);
			memset(items[i], 0xff, 13);
		}
		assert_null(pool_take(&pool));
		for (unsigned i = 0; i < 10; i++)
			pool_give(&pool, items[i]);
	}
	assert_int_equal(pool.count, 0);
	pool_done(&pool);
}

static void a_text_is_held_once_and_as_long_as_referenced(void **state)
{
	struct intern intern = INTERN_INIT(1 << 20);
	struct interned *first = intern_get(&intern, text_of("bash")), *second;

	(void)state;
	second = intern_get(&intern, text_of("bash"));
	assert_ptr_equal(first, second);
	assert_string_equal(first->data, "bash");
	intern_drop(&intern, first);
	assert_int_equal(intern.count, 1);
	intern_drop(&intern, second);
	assert_int_equal(intern.count, 0);
	assert_int_equal(intern.bytes, 0);
	assert_null(intern_get(&intern, text_of("")));
	assert_int_equal(intern.refused, 0);
	intern_done(&intern);
}

static void texts_are_bounded_in_bytes(void **state)
{
	struct intern intern = INTERN_INIT(4096);
	unsigned held = 0;
	char text[16];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "text %u", i);
		held += intern_get(&intern, text_of(text)) != NULL;
	}
	assert_true(held > 50 && held < 150);
	assert_true(intern.bytes <= 4096);
	assert_int_equal(intern.refused, 1000 - held);
	assert_non_null(intern_get(&intern, text_of("text 7")));
	intern_done(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_put_and_not_removed),
		cmocka_unit_test(refuses_more_than_its_bound),
		cmocka_unit_test(walks_each_value_once),
		cmocka_unit_test(gives_memory_back_when_emptied),
		cmocka_unit_test(a_pool_gives_zeroed_items_up_to_its_bound),
		cmocka_unit_test(a_text_is_held_once_and_as_long_as_referenced),
		cmocka_unit_test(texts_are_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
