/* SPDX-License-Identifier: AGPL-3.0-only */
/* The rules are private to check.c, and each of them is to be tried: the source itself is part of this program. */
#include "proto/check.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/proto/sample_payload.h"

static uint64_t payload[SAMPLE_PAYLOAD_BYTES / sizeof(uint64_t)];

static size_t rule_bytes(const struct field_rule *rule)
{
	static const size_t bytes[] = {
		[RULE_MAX16] = 2,
		[RULE_1_TO] = 2,
		[RULE_SIGNAL] = 2,
		[RULE_PID] = 4,
		[RULE_PID_OR_0] = 4,
		[RULE_TIME] = 8,
		[RULE_OFFSET] = 8,
		[RULE_NOT_0] = 8,
		[RULE_FINITE] = 8,
		[RULE_COMM] = COMM_BYTES,
	};

	assert_true(rule->kind < ARRAY_LEN(bytes) && bytes[rule->kind] > 0);
	return bytes[rule->kind];
}

/* What check_payload() says of a good payload of the rule's type in which @value stands in the rule's field. */
static int with_value(const struct field_rule *rule, const void *value, const char **why)
{
	sample_payload(rule->type, payload);
	memcpy((char *)payload + rule->offset, value, rule_bytes(rule));
	return check_payload(rule->type, payload, why);
}

static void accepts(const struct field_rule *rule, const void *value)
{
	const char *why = NULL;

	if (with_value(rule, value, &why) != 0)
		fail_msg("%s: '%s' although the value is right", frame_name(rule->type), why);
}

static void refuses(const struct field_rule *rule, const void *value)
{
	const char *why = NULL;

	assert_int_equal(with_value(rule, value, &why), -EPROTO);
	assert_ptr_equal(why, rule->why);
}

static void refuses_u16(const struct field_rule *rule, uint16_t value)
{
	refuses(rule, &value);
}

static void refuses_u32(const struct field_rule *rule, uint32_t value)
{
	refuses(rule, &value);
}

static void refuses_u64(const struct field_rule *rule, uint64_t value)
{
	refuses(rule, &value);
}

static void try_16(const struct field_rule *rule)
{
	const uint16_t most = rule->limit, term = SIGTERM, kill = SIGKILL;

	if (rule->kind == RULE_SIGNAL) {
		accepts(rule, &term);
		accepts(rule, &kill);
		refuses_u16(rule, 0);
		refuses_u16(rule, SIGSTOP);
		refuses_u16(rule, SIGTERM + 256);
		return;
	}
	accepts(rule, &most);
	refuses_u16(rule, (uint16_t)(most + 1));
	refuses_u16(rule, UINT16_MAX);
	if (rule->kind == RULE_1_TO)
		refuses_u16(rule, 0);
}

static void try_32(const struct field_rule *rule)
{
	const uint32_t most = PID_MAX, none = 0;

	accepts(rule, &most);
	refuses_u32(rule, most + 1);
	refuses_u32(rule, UINT32_MAX);
	if (rule->kind == RULE_PID)
		refuses_u32(rule, 0);
	else
		accepts(rule, &none);
}

static void try_64(const struct field_rule *rule)
{
	const uint64_t latest = TIME_MAX, one = 1;
	const int64_t earliest = -(int64_t)TIME_MAX;

	if (rule->kind == RULE_NOT_0) {
		accepts(rule, &one);
		refuses_u64(rule, 0);
		return;
	}
	accepts(rule, &latest);
	refuses_u64(rule, TIME_MAX + 1);
	if (rule->kind == RULE_OFFSET) {
		accepts(rule, &earliest);
		refuses_u64(rule, (uint64_t)earliest - 1);
		refuses_u64(rule, (uint64_t)INT64_MIN);
	} else {
		refuses_u64(rule, UINT64_MAX);
	}
}

static void try_comm(const struct field_rule *rule)
{
	char comm[COMM_BYTES];

	memset(comm, 'x', sizeof(comm));
	refuses(rule, comm);
	comm[COMM_BYTES - 1] = '\0';
	accepts(rule, comm);
}

static void try_finite(const struct field_rule *rule)
{
	const double fine[] = {0.0, -1.5, 1e308}, wrong[] = {INFINITY, -INFINITY, NAN};

	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		accepts(rule, &fine[i]);
		refuses(rule, &wrong[i]);
	}
}

static void each_rule_refuses_what_it_names_and_nothing_else(void **state)
{
	static void (*const tries[])(const struct field_rule *) = {
		[RULE_MAX16] = try_16,
		[RULE_1_TO] = try_16,
		[RULE_SIGNAL] = try_16,
		[RULE_PID] = try_32,
		[RULE_PID_OR_0] = try_32,
		[RULE_TIME] = try_64,
		[RULE_OFFSET] = try_64,
		[RULE_NOT_0] = try_64,
		[RULE_COMM] = try_comm,
		[RULE_FINITE] = try_finite,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		tries[rules[i].kind](&rules[i]);
}

static void rules_stand_in_frame_order_so_that_none_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(rules); i++)
		assert_true(rules[i - 1].type <= rules[i].type);
	assert_int_equal(first_rule[0], 0);
	assert_int_equal(first_rule[FRAME_TYPE_MAX], ARRAY_LEN(rules));
}

static void rules_look_only_inside_their_payload(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct frame_spec *spec = frame_spec(rules[i].type);

		assert_non_null(spec);
		assert_true(rules[i].offset + rule_bytes(&rules[i]) <= spec->payload_bytes);
		assert_non_null(rules[i].why);
	}
}

static void every_frame_accepts_its_emptiest_payload(void **state)
{
	(void)state;
	for (unsigned type = 0; type < FRAME_TYPE_MAX; type++) {
		const char *why = NULL;

		sample_payload(type, payload);
		if (frame_spec(type) && check_payload(type, payload, &why) != 0)
			fail_msg("%s: %s", frame_name(type), why);
	}
}

static void frames_about_processes_check_every_shared_field(void **state)
{
	static const uint16_t types[] = {FRAME_FORK, FRAME_EXEC, FRAME_EXIT, FRAME_SAMPLE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_true(first_rule[types[i] + 1] - first_rule[types[i]] >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_refuses_what_it_names_and_nothing_else),
		cmocka_unit_test(rules_stand_in_frame_order_so_that_none_is_passed_over),
		cmocka_unit_test(rules_look_only_inside_their_payload),
		cmocka_unit_test(every_frame_accepts_its_emptiest_payload),
		cmocka_unit_test(frames_about_processes_check_every_shared_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
