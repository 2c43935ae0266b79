/* SPDX-License-Identifier: AGPL-3.0-only */
/* How the entries of a table hang together, whatever it was told. */
#include "common/process_tree.h"

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
};

static void on_frame(void *ctx, const struct frame *frame)
{
	struct fixture *f = ctx;

	process_table_frame(&f->table, frame, &f->event);
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

/* What children have left behind is counted at the next walk, which leaves out who is past. */
static void who_has_connects_to_hand_on_is_not_past(void **state)
{
	struct fixture *f = *state;
	uint32_t parent, child;

	made_connect(&f->host);
	parent = made_fork(&f->host, made_process(&f->host, 1, "sh", 0));
	child = made_fork(&f->host, parent);
	made_use(&f->host, child)->connects = 5;
	made_exit(&f->host, child, 0);
	assert_int_equal(entry_of(f, parent)->usage.pending_cpu_us, 0);
	assert_int_equal(entry_of(f, parent)->usage.pending_connects, 5);
	made_exit_inferred(&f->host, parent);
	assert_true(entry_of(f, parent)->exited);
	assert_false(entry_of(f, parent)->past);
}

/* How many hang below @children; each is past exactly if it may be. */
static size_t look_below(const struct process_children *children)
{
	const struct process_entry *entry, *child;
	bool past = false;
	size_t count = 0;

	TAILQ_FOREACH (entry, children, siblings) {
		bool may = entry->exited && !entry->zombie && entry->usage.pending_cpu_us == 0 &&
			   entry->usage.pending_connects == 0;

		TAILQ_FOREACH (child, &entry->children, siblings) {
			assert_ptr_equal(child->parent, entry);
			may = may && child->past;
		}
		assert_int_equal(entry->past, may);
		assert_true(!past || entry->past);
		past = entry->past;
		count += 1 + look_below(&entry->children);
	}
	return count;
}

static struct process random_process(uint64_t random, uint64_t now_ns)
{
	return (struct process){
		.tgid = 1 + (random >> 10) % 12,
		.start_ns = 1 + (random >> 15) % 4,
		.ppid = (random >> 20) % 13,
		.parent_start_ns = (random >> 25) % 5,
		.time_ns = now_ns - (random >> 30) % 3,
		.comm = "any",
	};
}

static void send_random(struct fixture *f, uint64_t random, uint64_t now_ns)
{
	static uint32_t pass, sent;
	const struct process process = random_process(random, now_ns);
	const struct fork fork = {.process = process};
	const struct exec exec = {.process = process};
	const struct exit end = {.process = process,
		.cpu_ns = (random >> 35) % 3 * 1000,
		.connects = (uint32_t)((random >> 40) % 3)};
	const struct exit_inferred gone = {
		.tgid = process.tgid, .start_ns = process.start_ns, .time_ns = now_ns};
	const struct sample_begin begin = {
		.time_ns = now_ns, .pass = pass + 1, .full = (random >> 45) % 2};
	const struct sample sample = {.process = process,
		.pass = pass,
		.threads = 1,
		.state = (random >> 50) % 3 ? 'S' : 'Z'};
	const struct sample_end finish = {.time_ns = now_ns, .pass = pass, .sent = sent};
	const struct text texts[] = {text_of("exe"), text_of("args")};
	const struct {
		unsigned type;
		const void *payload;
	} frames[] = {{FRAME_FORK, &fork}, {FRAME_FORK, &fork}, {FRAME_EXEC, &exec}, {FRAME_EXIT, &end},
		{FRAME_EXIT, &end}, {FRAME_EXIT_INFERRED, &gone}, {FRAME_SAMPLE_BEGIN, &begin},
		{FRAME_SAMPLE, &sample}, {FRAME_SAMPLE, &sample}, {FRAME_SAMPLE, &sample},
		{FRAME_SAMPLE_END, &finish}};
	size_t i = (random >> 55) % ARRAY_LEN(frames);

	made_frame(&f->host, frames[i].type, frames[i].payload, texts);
	sent += frames[i].type == FRAME_SAMPLE;
	if (frames[i].type == FRAME_SAMPLE_BEGIN) {
		pass++;
		sent = 0;
	}
}

static void whatever_is_told_the_tree_stays_whole(void **state)
{
	struct fixture *f = *state;
	uint64_t random = 11;

	for (unsigned i = 0; i < 50000; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		send_random(f, random ^ random >> 29, 1000 + i);
		if (i % 50 == 0)
			process_table_expire(&f->table, i % 1000 ? i : UINT64_MAX);
		assert_int_equal(look_below(&f->table.roots),
			f->table.live_count + f->table.exited_count);
		assert_true(f->table.exited_count <= f->table.exited_max);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(who_has_connects_to_hand_on_is_not_past),
		TEST(whatever_is_told_the_tree_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
