/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/record.h"

#define PAGE 4096

static const struct record_process somebody = {
	.time_ns = 10,
	.start_ns = 9,
	.parent_start_ns = 8,
	.ino = 7,
	.cgroup = CGROUP_KEY(8, 6),
	.tgid = 5,
	.ppid = 4,
	.uid = 3,
	.kernel_thread = 1,
	.comm = "worker",
};

static int decode(const void *record, size_t len, struct decoded *decoded)
{
	return decode_record(record, len, PAGE, decoded);
}

static void takes_over_every_field_of_a_process(void **state)
{
	struct record_fork record = {.head.type = RECORD_FORK, .process = somebody};
	struct decoded decoded;
	const struct process *process = &decoded.payload.fork.process;

	(void)state;
	assert_int_equal(decode(&record, sizeof(record), &decoded), 0);
	assert_int_equal(decoded.type, FRAME_FORK);
	assert_int_equal(process->time_ns, 10);
	assert_int_equal(process->start_ns, 9);
	assert_int_equal(process->parent_start_ns, 8);
	assert_int_equal(process->ino, 7);
	assert_true(process->cgroup == ((uint64_t)8 << 48 | 6));
	assert_int_equal(process->tgid, 5);
	assert_int_equal(process->ppid, 4);
	assert_int_equal(process->uid, 3);
	assert_int_equal(process->kernel_thread, 1);
	assert_string_equal(process->comm, "worker");
}

static void clears_a_name_behind_its_end_and_ends_it(void **state)
{
	struct record_fork record = {.head.type = RECORD_FORK, .process = somebody};
	struct decoded decoded;

	(void)state;
	memcpy(record.process.comm, "ab\0cdefghijklmno", COMM_BYTES);
	assert_int_equal(decode(&record, sizeof(record), &decoded), 0);
	assert_memory_equal(
		decoded.payload.process.comm, "ab\0\0\0\0\0\0\0\0\0\0\0\0\0", COMM_BYTES);
	memset(record.process.comm, 'x', COMM_BYTES);
	assert_int_equal(decode(&record, sizeof(record), &decoded), 0);
	assert_int_equal(decoded.payload.process.comm[COMM_BYTES - 1], 0);
}

static void finds_file_name_and_arguments_of_an_exec(void **state)
{
	struct record_exec record = {.head.type = RECORD_EXEC,
		.process = somebody,
		.exe_len = 7,
		.args_len = 5,
		.args_truncated = 1,
		.text = "/bin/lsls\0-l"};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&record, RECORD_EXEC_MIN + 12, &decoded), 0);
	assert_int_equal(decoded.type, FRAME_EXEC);
	assert_int_equal(decoded.payload.exec.args_truncated, 1);
	assert_int_equal(decoded.texts[0].len, 7);
	assert_memory_equal(decoded.texts[0].data, "/bin/ls", 7);
	assert_int_equal(decoded.texts[1].len, 5);
	assert_memory_equal(decoded.texts[1].data, "ls\0-l", 5);
}

static void counts_memory_of_an_exit_in_bytes(void **state)
{
	struct record_exit record = {.head.type = RECORD_EXIT,
		.process = somebody,
		.status = 0x100,
		.maxrss_pages = 3,
		.cpu_ns = 77};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&record, sizeof(record), &decoded), 0);
	assert_int_equal(decoded.type, FRAME_EXIT);
	assert_int_equal(decoded.payload.exit.status, 0x100);
	assert_int_equal(decoded.payload.exit.maxrss_bytes, 3 * PAGE);
	assert_int_equal(decoded.payload.exit.cpu_ns, 77);
}

static void names_a_cgroup(void **state)
{
	struct record_cgroup record = {
		.head.type = RECORD_CGROUP, .key = 42, .removed = 1, .path_len = 2, .path = "/a"};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&record, RECORD_CGROUP_MIN + 2, &decoded), 0);
	assert_int_equal(decoded.type, FRAME_CGROUP);
	assert_int_equal(decoded.payload.cgroup.key, 42);
	assert_int_equal(decoded.payload.cgroup.removed, 1);
	assert_int_equal(decoded.texts[0].len, 2);
}

static void finds_the_file_name_of_a_sample(void **state)
{
	struct record_sample record = {
		.head.type = RECORD_SAMPLE, .process = somebody, .exe_len = 9, .exe = "/bin/true"};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN + 16, &decoded), 0);
	assert_int_equal(decoded.type, FRAME_SAMPLE);
	assert_int_equal(decoded.texts[0].len, 9);
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN + 9, &decoded), -EPROTO);
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN + 24, &decoded), -EPROTO);
}

static struct record_sample busy(void)
{
	struct record_sample record = {.head.type = RECORD_SAMPLE,
		.process = somebody,
		.work = {.cpu_ns = 1, .read_bytes = 2, .write_bytes = 3, .major_faults = 4},
		.file_pages = 5,
		.anon_pages = 6,
		.swap_pages = 7,
		.shmem_pages = -1,
		.fd_limit = UINT64_MAX,
		.fds = 8,
		.threads = 9,
		.state = 0x100};

	record.process.kernel_thread = 0;
	return record;
}

static void takes_over_what_a_process_uses(void **state)
{
	struct record_sample record = busy();
	struct decoded decoded;
	const struct sample *sample = &decoded.payload.sample;

	(void)state;
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN, &decoded), 0);
	assert_int_equal(sample->cpu_ns, 1);
	assert_int_equal(sample->read_bytes, 2);
	assert_int_equal(sample->write_bytes, 3);
	assert_int_equal(sample->major_faults, 4);
	assert_int_equal(sample->rss_file_bytes, 5 * PAGE);
	assert_int_equal(sample->rss_anon_bytes, 6 * PAGE);
	assert_int_equal(sample->swap_bytes, 7 * PAGE);
	assert_int_equal(
		sample->rss_shmem_bytes, 0); /* counted on several CPUs it may be below 0 */
	assert_int_equal(sample->fds, 8);
	assert_int_equal(sample->fd_limit, UINT32_MAX);
	assert_int_equal(sample->threads, 9);
	assert_int_equal(sample->state, 'R');
	assert_false(decoded.apart);
	record.apart = 1;
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN, &decoded), 0);
	assert_true(decoded.apart);
	record.apart = 2;
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN, &decoded), -EPROTO);
}

static void says_nothing_of_what_a_kernel_thread_uses(void **state)
{
	struct record_sample record = busy();
	struct decoded decoded;

	(void)state;
	record.process.kernel_thread = 1;
	assert_int_equal(decode(&record, RECORD_SAMPLE_MIN, &decoded), 0);
	assert_int_equal(decoded.payload.sample.cpu_ns, 0);
	assert_int_equal(decoded.payload.sample.state, 0);
}

static void names_states_as_proc_does(void **state)
{
	static const struct {
		uint32_t bits;
		char letter;
	} states[] = {{0, 'R'}, {1, 'S'}, {2, 'D'}, {4, 'T'}, {8, 't'}, {0x10, 'X'}, {0x20, 'Z'},
		{0x40, 'P'}, {0x402, 'I'}, {0x2001, 'S'}, {0x102, 'D'}, {0x8000, 'D'},
		{0x1000, 'D'}, {0x80, 'R'}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		assert_int_equal(decode_state(states[i].bits), states[i].letter);
	for (uint32_t bits = 0; bits <= 0xffff; bits++)
		assert_true(decode_state(bits) >= 'D');
}

static void reads_a_victim_and_a_thread(void **state)
{
	struct record_oom oom = {.head.type = RECORD_OOM, .process = somebody};
	struct record_thread thread = {
		.head.type = RECORD_THREAD, .tgid = 5, .start_ns = 9, .work.cpu_ns = 11};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&oom, sizeof(oom), &decoded), 0);
	assert_int_equal(decoded.type, FRAME_OOM);
	assert_int_equal(decoded.payload.oom.process.tgid, 5);
	assert_int_equal(decode(&oom, sizeof(oom) - 1, &decoded), -EPROTO);
	assert_int_equal(decode(&thread, sizeof(thread), &decoded), 0);
	assert_int_equal(decoded.type, DECODED_THREAD);
	assert_int_equal(decoded.payload.sample.process.tgid, 5);
	assert_int_equal(decoded.payload.sample.process.start_ns, 9);
	assert_int_equal(decoded.payload.sample.cpu_ns, 11);
	thread.tgid = 0;
	assert_int_equal(decode(&thread, sizeof(thread), &decoded), -EPROTO);
}

static void reads_connects_and_connections(void **state)
{
	struct record_exit end = {.head.type = RECORD_EXIT, .process = somebody, .connects = 7};
	struct record_sample alive = {
		.head.type = RECORD_SAMPLE, .process = somebody, .connects = UINT32_MAX};
	struct record_connections open = {
		.head.type = RECORD_CONNECTIONS, .start_ns = 9, .tgid = 5, .count = 3};
	struct decoded decoded;

	(void)state;
	alive.process.kernel_thread = 0;
	assert_int_equal(decode(&end, sizeof(end), &decoded), 0);
	assert_int_equal(decoded.payload.exit.connects, 7);
	assert_int_equal(decode(&alive, RECORD_SAMPLE_MIN, &decoded), 0);
	assert_int_equal(decoded.payload.sample.connects, UINT32_MAX);
	assert_int_equal(decode_length(&open, sizeof(open)), sizeof(open));
	assert_int_equal(decode(&open, sizeof(open), &decoded), 0);
	assert_int_equal(decoded.type, DECODED_CONNECTIONS);
	assert_int_equal(decoded.payload.sample.process.tgid, 5);
	assert_int_equal(decoded.payload.sample.process.start_ns, 9);
	assert_int_equal(decoded.payload.sample.connections, 3);
	open.tgid = 0;
	assert_int_equal(decode(&open, sizeof(open), &decoded), -EPROTO);
}

static void finds_where_the_next_record_of_an_iterator_begins(void **state)
{
	struct record_sample record = {.head.type = RECORD_SAMPLE, .exe_len = 9};

	(void)state;
	assert_int_equal(decode_length(&record, sizeof(record)), RECORD_SAMPLE_MIN + 16);
	assert_int_equal(decode_length(&record, RECORD_SAMPLE_MIN + 15), -EPROTO);
	assert_int_equal(decode_length(&record, RECORD_SAMPLE_MIN - 1), -EPROTO);
	assert_int_equal(decode_length(&record, 7), -EPROTO);
	record.exe_len = UINT32_MAX;
	assert_int_equal(decode_length(&record, sizeof(record)), -EPROTO);
	record.head.type = RECORD_THREAD;
	assert_int_equal(decode_length(&record, sizeof(record)), sizeof(struct record_thread));
	record.head.type = RECORD_FORK;
	assert_int_equal(decode_length(&record, sizeof(record)), -EPROTO);
}

static void refuses_what_is_short_or_long(void **state)
{
	struct record_fork born = {.head.type = RECORD_FORK, .process = somebody};
	struct record_exec exec = {
		.head.type = RECORD_EXEC, .process = somebody, .exe_len = 7, .args_len = 5};
	struct record_cgroup cgroup = {.head.type = RECORD_CGROUP, .path_len = 2};
	struct decoded decoded;

	(void)state;
	for (size_t len = 0; len < sizeof(born); len++)
		assert_int_equal(decode(&born, len, &decoded), -EPROTO);
	for (size_t len = 0; len < sizeof(exec); len++)
		if (len != RECORD_EXEC_MIN + 12)
			assert_int_equal(decode(&exec, len, &decoded), -EPROTO);
	assert_int_equal(decode(&cgroup, RECORD_CGROUP_MIN + 1, &decoded), -EPROTO);
	assert_int_equal(decode(&cgroup, RECORD_CGROUP_MIN + 3, &decoded), -EPROTO);
}

static void refuses_lengths_beyond_their_bounds(void **state)
{
	struct record_exec exec = {.head.type = RECORD_EXEC,
		.process = somebody,
		.exe_len = RECORD_EXE_MAX + 1,
		.args_len = 5};
	struct decoded decoded;

	(void)state;
	assert_int_equal(decode(&exec, RECORD_EXEC_MIN + RECORD_EXE_MAX + 6, &decoded), -EPROTO);
}

static void refuses_unknown_types_and_impossible_values(void **state)
{
	struct record_fork record = {.head.type = 0, .process = somebody};
	struct decoded decoded = {.type = 99};

	(void)state;
	assert_int_equal(decode(&record, sizeof(record), &decoded), -EPROTO);
	record.head.type = 4711;
	assert_int_equal(decode(&record, sizeof(record), &decoded), -EPROTO);
	record.head.type = RECORD_FORK;
	record.process.tgid = 0;
	assert_int_equal(decode(&record, sizeof(record), &decoded), -EPROTO);
	record.process.tgid = 1;
	record.process.kernel_thread = 2;
	assert_int_equal(decode(&record, sizeof(record), &decoded), -EPROTO);
	assert_int_equal(decoded.type, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_over_every_field_of_a_process),
		cmocka_unit_test(clears_a_name_behind_its_end_and_ends_it),
		cmocka_unit_test(finds_file_name_and_arguments_of_an_exec),
		cmocka_unit_test(counts_memory_of_an_exit_in_bytes),
		cmocka_unit_test(names_a_cgroup),
		cmocka_unit_test(finds_the_file_name_of_a_sample),
		cmocka_unit_test(takes_over_what_a_process_uses),
		cmocka_unit_test(says_nothing_of_what_a_kernel_thread_uses),
		cmocka_unit_test(names_states_as_proc_does),
		cmocka_unit_test(reads_a_victim_and_a_thread),
		cmocka_unit_test(reads_connects_and_connections),
		cmocka_unit_test(finds_where_the_next_record_of_an_iterator_begins),
		cmocka_unit_test(refuses_what_is_short_or_long),
		cmocka_unit_test(refuses_lengths_beyond_their_bounds),
		cmocka_unit_test(refuses_unknown_types_and_impossible_values),
	};

	return cmocka_run_group_tests_name("collectord/decode", tests, NULL, NULL);
}
