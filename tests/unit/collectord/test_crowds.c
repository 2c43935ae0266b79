/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/crowds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct decoded leader_of(uint32_t tgid, const char *exe)
{
	struct decoded decoded = {.type = FRAME_SAMPLE, .apart = true, .texts[0] = text_of(exe)};

	decoded.payload.sample.process.tgid = tgid;
	decoded.payload.sample.cpu_ns = 1000;
	return decoded;
}

static struct decoded thread_of(uint32_t tgid, uint64_t cpu_ns)
{
	struct decoded decoded = {.type = DECODED_THREAD};

	decoded.payload.sample.process.tgid = tgid;
	decoded.payload.sample.cpu_ns = cpu_ns;
	decoded.payload.sample.read_bytes = 1;
	decoded.payload.sample.write_bytes = 2;
	decoded.payload.sample.major_faults = 3;
	return decoded;
}

static void add(struct crowds *crowds, struct decoded decoded)
{
	assert_true(crowds_add(crowds, &decoded));
}

static void adds_threads_that_come_before_and_after_their_leader(void **state)
{
	struct crowds crowds = {0};
	const struct decoded *sum;
	char exe[] = "/bin/a";

	(void)state;
	add(&crowds, thread_of(7, 10));
	add(&crowds, leader_of(7, exe));
	memset(exe, 'x', sizeof(exe)); /* the buffer is filled anew meanwhile */
	add(&crowds, thread_of(7, 20));
	sum = crowds_next(&crowds);
	assert_non_null(sum);
	assert_int_equal(sum->payload.sample.cpu_ns, 1030);
	assert_int_equal(sum->payload.sample.read_bytes, 2);
	assert_int_equal(sum->payload.sample.write_bytes, 4);
	assert_int_equal(sum->payload.sample.major_faults, 6);
	assert_int_equal(sum->texts[0].len, 6);
	assert_memory_equal(sum->texts[0].data, "/bin/a", 6);
	/* Asked again for want of room it says the same. */
	assert_int_equal(crowds_next(&crowds)->payload.sample.cpu_ns, 1030);
	crowds_drop(&crowds);
	assert_null(crowds_next(&crowds));
	crowds_done(&crowds);
}

static void keeps_processes_apart_and_leaves_out_threads_without_a_leader(void **state)
{
	struct crowds crowds = {0};

	(void)state;
	add(&crowds, leader_of(7, ""));
	add(&crowds, leader_of(8, ""));
	add(&crowds, thread_of(7, 1));
	add(&crowds, thread_of(8, 2));
	add(&crowds, thread_of(9, 4));
	assert_int_equal(crowds_next(&crowds)->payload.sample.cpu_ns, 1002);
	crowds_drop(&crowds);
	assert_int_equal(crowds_next(&crowds)->payload.sample.cpu_ns, 1001);
	crowds_drop(&crowds);
	assert_null(crowds_next(&crowds));
	crowds_done(&crowds);
}

static void refuses_and_counts_what_is_too_much(void **state)
{
	struct crowds crowds = {0};
	struct decoded more = leader_of(CROWDS_MAX + 1, "");

	(void)state;
	for (uint32_t tgid = 1; tgid <= CROWDS_MAX; tgid++)
		add(&crowds, leader_of(tgid, ""));
	assert_false(crowds_add(&crowds, &more));
	assert_int_equal(crowds.refused, 1);
	crowds_reset(&crowds);
	assert_true(crowds_add(&crowds, &more));
	crowds_done(&crowds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_threads_that_come_before_and_after_their_leader),
		cmocka_unit_test(keeps_processes_apart_and_leaves_out_threads_without_a_leader),
		cmocka_unit_test(refuses_and_counts_what_is_too_much),
	};

	return cmocka_run_group_tests_name("collectord/crowds", tests, NULL, NULL);
}
