/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 8

static struct tree_member rows[ROWS];
static struct tree tree;
static struct proc_stat all[400];
static size_t count;
static struct tree_found found;

static int set_up(void **state)
{
	(void)state;
	tree_init(&tree, rows, ROWS);
	count = 0;
	return 0;
}

static void add(uint32_t pid, uint32_t ppid, uint32_t pgrp, uint32_t session, uint64_t start_ticks)
{
	all[count++] = (struct proc_stat){.pid = pid,
		.ppid = ppid,
		.pgrp = pgrp,
		.session = session,
		.start_ticks = start_ticks};
}

static bool is_found(uint32_t pid)
{
	for (size_t i = 0; i < found.count; i++)
		if (found.list[i]->pid == pid)
			return true;
	return false;
}

static void sweep(uint64_t now_ns)
{
	tree_find(&tree, all, count, now_ns, &found);
}

static void finds_children_groups_and_sessions(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(50, 1, 50, 50, 0);
	add(100, 50, 100, 50, 1);
	add(101, 100, 101, 50, 2); /* child in a group of its own */
	add(102, 1, 101, 50, 2);   /* orphan in that group */
	add(103, 1, 100, 50, 2);   /* orphan in the root's group */
	add(104, 103, 104, 104, 2);
	add(105, 1, 105, 104, 2); /* orphan in a member's session */
	add(106, 50, 106, 50, 2); /* a sibling */
	add(107, 106, 106, 50, 2);
	sweep(0);
	assert_int_equal(found.count, 5);
	for (uint32_t pid = 101; pid <= 105; pid++)
		assert_true(is_found(pid));
}

static void finds_members_whatever_their_order(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 400, 1));
	for (uint32_t pid = 101; pid < 400; pid++)
		add(pid, pid + 1, 50, 50, 1);
	add(400, 50, 50, 50, 1);
	add(50, 1, 50, 50, 0);
	sweep(0);
	assert_int_equal(found.count, 299);
	assert_false(is_found(50));
}

static void never_takes_the_group_above_the_root(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(50, 1, 50, 50, 0);
	add(100, 50, 50, 50, 1);
	add(101, 50, 50, 50, 1);
	add(102, 100, 50, 50, 1);
	sweep(0);
	assert_int_equal(found.count, 1);
	assert_true(is_found(102));
}

static void leaves_out_members_with_a_row_and_the_dead(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	assert_non_null(tree_add(&tree, 101, 2));
	add(100, 1, 100, 100, 1);
	add(101, 100, 100, 100, 2);
	add(102, 100, 100, 100, 2);
	all[count - 1].dead = true;
	add(103, 1, 100, 100, 2);
	sweep(0);
	assert_int_equal(found.count, 1);
	assert_true(is_found(103));
}

static void takes_no_stranger_who_got_a_members_pid(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	assert_non_null(tree_add(&tree, 101, 2));
	add(100, 1, 90, 90, 1);
	add(101, 1, 101, 101, 99); /* another one */
	add(102, 101, 101, 101, 99);
	sweep(0);
	assert_int_equal(found.count, 0);
}

static void catches_children_that_outlive_their_parents_between_sweeps(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(100, 1, 100, 90, 1);
	sweep(1000);
	tree_remove(&tree, &rows[0]);
	count = 0;
	add(101, 1, 100, 90, 2); /* forked by 100, which has gone */
	sweep(1000 + TREE_KEY_NS);
	assert_int_equal(found.count, 1);
	sweep(1000 + 2 * TREE_KEY_NS); /* kept in use by 101 */
	assert_int_equal(found.count, 1);
}

static void forgets_groups_nobody_was_seen_in(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(100, 1, 100, 90, 1);
	sweep(1000);
	tree_remove(&tree, &rows[0]);
	count = 0;
	sweep(2000);
	add(101, 1, 100, 90, 2);
	sweep(1001 + TREE_KEY_NS);
	assert_int_equal(found.count, 0);
}

static void forgets_a_group_when_its_number_has_a_new_owner(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(100, 1, 100, 90, 1);
	sweep(1000);
	tree_remove(&tree, &rows[0]);
	count = 0;
	add(100, 1, 100, 100, 50);
	add(101, 100, 100, 100, 51);
	sweep(2000);
	assert_int_equal(found.count, 0);
	count = 0;
	add(101, 1, 100, 100, 51);
	sweep(3000);
	assert_int_equal(found.count, 0);
}

static void leaves_no_mark_for_other_trees(void **state)
{
	struct tree_member other_rows[1];
	struct tree other;

	(void)state;
	for (uint32_t i = 0; i < 300; i++) /* more groups than can be remembered */
		add(1000 + i, 100, 1000 + i, 1000 + i, 1);
	add(100, 1, 100, 100, 1);
	assert_non_null(tree_add(&tree, 100, 1));
	sweep(0);
	assert_int_equal(found.count, 300);
	sweep(1);
	tree_init(&other, other_rows, 1);
	tree_find(&other, all, count, 2, &found);
	assert_int_equal(found.count, 0);
}

static void is_bounded(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ROWS; i++)
		assert_non_null(tree_add(&tree, 100 + i, 1));
	assert_null(tree_add(&tree, 200, 1));
	tree_remove(&tree, &rows[3]);
	assert_ptr_equal(tree_add(&tree, 200, 1), &rows[3]);
	for (unsigned i = 0; i < ROWS; i++)
		tree_remove(&tree, &rows[i]);
	assert_int_equal(tree.rows, 0);
}

static void ignores_numbers_that_are_no_pids(void **state)
{
	(void)state;
	assert_non_null(tree_add(&tree, 100, 1));
	add(100, 1, (uint32_t)-1, (uint32_t)-1, 1);
	add(101, 0, 0, 0, 1);
	add(102, (uint32_t)-1, (uint32_t)-1, (uint32_t)-1, 1);
	sweep(0);
	assert_int_equal(found.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_children_groups_and_sessions, set_up),
		cmocka_unit_test_setup(finds_members_whatever_their_order, set_up),
		cmocka_unit_test_setup(never_takes_the_group_above_the_root, set_up),
		cmocka_unit_test_setup(leaves_out_members_with_a_row_and_the_dead, set_up),
		cmocka_unit_test_setup(takes_no_stranger_who_got_a_members_pid, set_up),
		cmocka_unit_test_setup(
			catches_children_that_outlive_their_parents_between_sweeps, set_up),
		cmocka_unit_test_setup(forgets_groups_nobody_was_seen_in, set_up),
		cmocka_unit_test_setup(forgets_a_group_when_its_number_has_a_new_owner, set_up),
		cmocka_unit_test_setup(leaves_no_mark_for_other_trees, set_up),
		cmocka_unit_test_setup(is_bounded, set_up),
		cmocka_unit_test_setup(ignores_numbers_that_are_no_pids, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
