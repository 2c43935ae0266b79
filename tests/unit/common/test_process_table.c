/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/process_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness/frames.h"

struct fixture {
	struct process_table table;
	struct process_event event; /* of the last frame */
	struct made_host host;
	unsigned changes[PROCESS_EXITED + 1];
	bool lose; /* frames do not arrive */
};

static void on_frame(void *ctx, const struct frame *frame)
{
	struct fixture *f = ctx;

	if (f->lose)
		return;
	process_table_frame(&f->table, frame, &f->event);
	f->changes[f->event.change]++;
}

static int set_up(void **state)
{
	const struct process_limits limits = {50, 10, 1 << 16, 300 * NSEC_PER_SEC};
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	process_table_init(&f->table, &limits);
	made_host_init(&f->host, on_frame, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	process_table_done(&f->table);
	made_host_done(&f->host);
	free(f);
	return 0;
}

static struct process_entry *entry_of(struct fixture *f, uint32_t pid)
{
	return process_table_find(&f->table, pid, f->host.processes[pid].info.start_ns);
}

static void a_child_has_its_parents_program_until_it_execs(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", 5), child;

	made_connect(&f->host);
	child = made_fork(&f->host, shell);
	assert_int_equal(f->event.change, PROCESS_FORKED);
	assert_ptr_equal(f->event.entry, entry_of(f, child));
	assert_ptr_equal(f->event.entry->parent, entry_of(f, shell));
	assert_string_equal(f->event.entry->exe->data, "/usr/bin/sh");
	made_exec(&f->host, child, "/bin/sleep", "sleep 5");
	assert_int_equal(f->event.change, PROCESS_EXECED);
	assert_false(f->event.again);
	assert_string_equal(f->event.entry->info.comm, "sleep");
	assert_string_equal(f->event.entry->args->data, "sleep 5");
	made_exec(&f->host, child, "/bin/true", "true");
	assert_true(f->event.again);
	assert_string_equal(entry_of(f, shell)->exe->data, "/usr/bin/sh");
}

static void the_link_to_the_parent_survives_its_death(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, 1, "top", 5), middle, child;

	made_connect(&f->host);
	middle = made_fork(&f->host, top);
	child = made_fork(&f->host, middle);
	made_exit(&f->host, middle, 0);
	assert_int_equal(f->event.change, PROCESS_EXITED);
	made_exec(&f->host, child, "/bin/sleep", "");
	assert_int_equal(entry_of(f, child)->info.ppid, 1);
	assert_ptr_equal(entry_of(f, child)->parent, entry_of(f, middle));
	assert_true(entry_of(f, middle)->exited);
}

static void children_of_an_evicted_one_go_to_its_parent(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, 1, "top", 5), middle, child;

	made_connect(&f->host);
	middle = made_fork(&f->host, top);
	child = made_fork(&f->host, middle);
	made_exit(&f->host, middle, 0);
	process_table_expire(&f->table, f->host.now_ns + 299 * NSEC_PER_SEC);
	assert_non_null(entry_of(f, middle));
	process_table_expire(&f->table, f->host.now_ns + 300 * NSEC_PER_SEC);
	assert_null(entry_of(f, middle));
	assert_ptr_equal(entry_of(f, child)->parent, entry_of(f, top));
	assert_int_equal(f->table.evicted, 0);
}

static bool is_past(const struct process_entry *entry)
{
	const struct process_entry *child;

	TAILQ_FOREACH (child, &entry->children, siblings)
		if (!child->past)
			return false;
	return entry->exited && !entry->zombie && entry->usage.pending_cpu_us == 0;
}

static void assert_past_ones_stand_behind(const struct process_children *siblings, size_t *count)
{
	const struct process_entry *entry;
	bool past = false;

	TAILQ_FOREACH (entry, siblings, siblings) {
		assert_int_equal(entry->past, is_past(entry));
		assert_true(entry->past || !past);
		past = entry->past;
		++*count;
		assert_past_ones_stand_behind(&entry->children, count);
	}
}

static void whoever_is_past_stands_behind_his_siblings(void **state)
{
	struct fixture *f = *state;
	uint64_t random = 3;

	made_connect(&f->host);
	for (unsigned i = 0; i < 4000; i++) {
		uint32_t pid, what;
		struct made_process *process;
		size_t count = 0;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		pid = 1 + (uint32_t)(random >> 33) % MIN(f->host.last_pid, 60U);
		pid = f->host.last_pid + 1 - pid;
		what = (uint32_t)(random >> 20) % 8;
		process = &f->host.processes[pid];
		f->lose = what == 7;
		if (what < 4 && process->alive && f->table.live_count < 40)
			(void)made_fork(&f->host, pid);
		else if (what == 4 && process->alive && pid != 1)
			made_zombie(&f->host, pid);
		else if (what > 4 && process->alive && pid != 1)
			made_exit(&f->host, pid, 0);
		else if (process->zombie)
			made_reap(&f->host, pid);
		f->lose = false;
		made_wait_ms(&f->host, 10);
		if (i % 50 == 0)
			made_pass(&f->host);
		process_table_expire(&f->table, f->host.now_ns);
		assert_past_ones_stand_behind(&f->table.roots, &count);
		assert_int_equal(count, f->table.live_count + f->table.exited_count);
	}
	assert_true(f->changes[PROCESS_FORKED] > 50);
	assert_true(f->changes[PROCESS_EXITED] > 50);
}

static void keeps_only_so_many_exited_ones(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", 5), first;

	made_connect(&f->host);
	first = f->host.last_pid + 1;
	for (unsigned i = 0; i < 25; i++)
		made_exit(&f->host, made_fork(&f->host, shell), 0);
	assert_int_equal(f->table.exited_count, 10);
	assert_int_equal(f->table.evicted, 15);
	assert_null(entry_of(f, first));
	assert_non_null(entry_of(f, first + 24));
	assert_int_equal(f->table.texts.count, 2);
}

static void refuses_more_living_ones_than_its_bound(void **state)
{
	struct fixture *f = *state;

	made_connect(&f->host);
	for (unsigned i = 0; i < 100; i++)
		made_fork(&f->host, 1);
	assert_int_equal(f->table.live_count, 50);
	assert_int_equal(f->table.refused, 51);
	assert_int_equal(f->changes[PROCESS_FORKED], 49);
}

static void a_parent_nobody_has_told_of_is_a_placeholder(void **state)
{
	struct fixture *f = *state;
	uint32_t top = made_process(&f->host, 1, "top", 5),
		 shell = made_process(&f->host, top, "sh", 5);
	uint32_t child = made_fork(&f->host, shell);

	assert_non_null(entry_of(f, shell));
	assert_false(entry_of(f, shell)->known);
	assert_ptr_equal(entry_of(f, child)->parent, entry_of(f, shell));
	made_pass(&f->host);
	assert_true(entry_of(f, shell)->known);
	assert_string_equal(entry_of(f, shell)->info.comm, "sh");
	assert_ptr_equal(entry_of(f, shell)->parent, entry_of(f, top));
	assert_ptr_equal(entry_of(f, top)->parent, entry_of(f, 1));
}

static void a_full_pass_finds_who_has_exited_unnoticed(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", 5), child;

	made_connect(&f->host);
	assert_true(f->table.synced);
	child = made_fork(&f->host, shell);
	made_wait_ms(&f->host, 10);
	f->lose = true;
	made_exit(&f->host, child, 0);
	f->lose = false;
	assert_false(entry_of(f, child)->exited);
	made_pass(&f->host);
	assert_true(entry_of(f, child)->exited);
	assert_true(entry_of(f, child)->exit_inferred);
	assert_false(entry_of(f, shell)->exited);
	/* Its EXIT after all. */
	made_exit(&f->host, child, 9);
	assert_int_equal(f->event.change, PROCESS_EXITED);
	made_exit(&f->host, child, 9);
	assert_int_equal(f->event.change, PROCESS_UNCHANGED);
}

static void a_pass_of_which_frames_are_missing_proves_nothing(void **state)
{
	struct fixture *f = *state;
	struct sample_begin begin = {.pass = 5, .full = 1};
	struct sample_end end = {.pass = 5, .seen = 2, .sent = 2};

	made_connect(&f->host);
	process_table_unsync(&f->table);
	made_wait_ms(&f->host, 10);
	begin.time_ns = f->host.now_ns;
	made_frame(&f->host, FRAME_SAMPLE_BEGIN, &begin, NULL);
	made_frame(&f->host, FRAME_SAMPLE_END, &end, NULL);
	assert_false(entry_of(f, 1)->exited);
	assert_false(f->table.synced);
}

static void who_starts_during_a_pass_is_not_swept(void **state)
{
	struct fixture *f = *state;
	struct sample_begin begin = {.pass = 5, .full = 1};
	struct sample_end end = {.pass = 5};
	uint32_t child;

	made_connect(&f->host);
	made_wait_ms(&f->host, 10);
	begin.time_ns = f->host.now_ns;
	made_frame(&f->host, FRAME_SAMPLE_BEGIN, &begin, NULL);
	child = made_fork(&f->host, 1);
	made_frame(&f->host, FRAME_SAMPLE_END, &end, NULL);
	assert_false(entry_of(f, child)->exited);
	assert_true(entry_of(f, 1)->exited);
}

static void a_sample_does_not_raise_the_dead(void **state)
{
	struct fixture *f = *state;
	uint32_t child;

	made_connect(&f->host);
	child = made_fork(&f->host, 1);
	made_exit(&f->host, child, 0);
	f->host.processes[child].alive = true;
	made_pass(&f->host);
	assert_true(entry_of(f, child)->exited);
}

static void a_fork_is_told_once_even_after_a_sample(void **state)
{
	struct fixture *f = *state;
	struct fork fork = {0};

	made_connect(&f->host);
	f->lose = true;
	fork.process = f->host.processes[made_fork(&f->host, 1)].info;
	f->lose = false;
	made_wait_ms(&f->host, 10);
	made_pass(&f->host);
	made_frame(&f->host, FRAME_FORK, &fork, NULL);
	assert_int_equal(f->event.change, PROCESS_FORKED);
	made_frame(&f->host, FRAME_FORK, &fork, NULL);
	assert_int_equal(f->event.change, PROCESS_UNCHANGED);
}

/* Frames may claim anything; walks up must end. */
static void no_circle_of_parents_can_be_made(void **state)
{
	struct fixture *f = *state;
	uint64_t random = 7;

	for (unsigned i = 0; i < 20000; i++) {
		struct fork fork = {0};

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		fork.process.tgid = 1 + (random >> 33) % 6;
		fork.process.start_ns = 1 + (random >> 40) % 3;
		fork.process.ppid = 1 + (random >> 45) % 6;
		fork.process.parent_start_ns = 1 + (random >> 50) % 3;
		fork.process.time_ns = i;
		made_frame(&f->host, FRAME_FORK, &fork, NULL);
		for (struct process_entry *at = f->event.entry; at; at = at->parent)
			assert_true(!at->parent || at->parent->info.start_ns < at->info.start_ns ||
				    (at->parent->info.start_ns == at->info.start_ns &&
					    at->parent->info.tgid < at->info.tgid));
		if (i % 3 == 0)
			process_table_expire(&f->table, UINT64_MAX);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_child_has_its_parents_program_until_it_execs),
		TEST(the_link_to_the_parent_survives_its_death),
		TEST(children_of_an_evicted_one_go_to_its_parent),
		TEST(whoever_is_past_stands_behind_his_siblings),
		TEST(keeps_only_so_many_exited_ones),
		TEST(refuses_more_living_ones_than_its_bound),
		TEST(a_parent_nobody_has_told_of_is_a_placeholder),
		TEST(a_full_pass_finds_who_has_exited_unnoticed),
		TEST(a_pass_of_which_frames_are_missing_proves_nothing),
		TEST(who_starts_during_a_pass_is_not_swept),
		TEST(a_sample_does_not_raise_the_dead),
		TEST(a_fork_is_told_once_even_after_a_sample),
		TEST(no_circle_of_parents_can_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
