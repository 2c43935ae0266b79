/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/actions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/apid/frames.h"

static struct made_frame made;
static struct actions actions;

static const char *user(uid_t uid, char *buffer, size_t size)
{
	snprintf(buffer, size, "user%u", (unsigned)uid);
	return buffer;
}

static int tear_down(void **state)
{
	(void)state;
	actions_done(&actions);
	actions = (struct actions){0};
	return 0;
}

static int tell(const struct frame *frame, const struct action_entry **entry)
{
	return actions_frame(&actions, frame, (int64_t)(1700000000 * NSEC_PER_SEC), user, entry);
}

static const struct frame *action_frame(
	uint64_t action, uint16_t status, uint16_t gates, uint16_t members, uint16_t proofs)
{
	const struct action payload = {
		.action = action,
		.version = 2,
		.start_ns = 5 * NSEC_PER_SEC,
		.created_wall_ns = 1700000010000000000ULL,
		.expires_wall_ns = 1700000310000000000ULL,
		.pid = 31337,
		.uid = 7,
		.tree_size = 9,
		.type = ACTION_KILL_TREE,
		.signal = 15,
		.status = status,
		.identity_strong = 1,
		.gates = gates,
		.members = members,
		.proofs = proofs,
	};
	const struct text texts[ACTION_TEXTS] = {
		[ACTION_REASON] = text_of("15 forks a second"),
		[ACTION_RULE] = text_of("storm"),
		[ACTION_COMM] = text_of("ba\\sh"),
		[ACTION_USER] = text_of("alice"),
	};

	return make_frame(&made, FRAME_ACTION, &payload, texts);
}

static const struct frame *gate_frame(uint64_t action, uint16_t index)
{
	const struct action_gate gate = {.action = action, .index = index, .pass = 1};

	return make_frame(
		&made, FRAME_ACTION_GATE, &gate, (struct text[]){text_of("budget"), text_of("ok")});
}

static const struct frame *member_frame(uint64_t action, uint16_t index)
{
	const struct action_member member = {
		.action = action, .index = index, .pid = 40, .ppid = 1, .uid = 7};

	return make_frame(&made, FRAME_ACTION_MEMBER, &member,
		(struct text[]){text_of("sh"), text_of("sh -c x")});
}

static const struct frame *proof_frame(uint64_t action, uint16_t index, const char *label)
{
	const struct action_proof proof = {
		.action = action, .index = index, .kind = PEER_UNIX, .uid = 0};

	return make_frame(&made, FRAME_ACTION_PROOF, &proof,
		(struct text[]){text_of(label), text_of("root")});
}

static void an_action_is_whole_with_its_last_part_and_has_its_documented_shape(void **state)
{
	const struct action_entry *entry = NULL;

	(void)state;
	assert_int_equal(tell(action_frame(1, STATUS_EXECUTED, 1, 1, 2), &entry), 0);
	assert_int_equal(tell(gate_frame(1, 0), &entry), 0);
	assert_int_equal(tell(member_frame(1, 0), &entry), 0);
	assert_int_equal(tell(proof_frame(1, 0, "sre-alice"), &entry), 0);
	assert_null(actions_find(&actions, 1));
	assert_int_equal(tell(proof_frame(1, 1, "sre-bob"), &entry), 1);
	assert_string_equal(entry->json,
		"{\"id\":\"action-1\",\"action\":{\"type\":\"kill_tree\",\"pid\":31337,\"signal\":15},"
		"\"status\":\"executed\",\"reason\":\"15 forks a second\",\"rule\":\"storm\",\"incident_id\":null,"
		"\"target\":{\"pid\":31337,\"start_time\":1700000005.0,\"comm\":\"ba\\\\x5csh\",\"exe\":null,\"args\":null,"
		"\"user\":\"alice\",\"cgroup\":null,\"unit\":null,\"container\":null,\"identity\":\"strong\","
		"\"tree_size\":9,\"tree\":[{\"pid\":40,\"ppid\":1,\"comm\":\"sh\",\"args\":\"sh -c x\","
		"\"user\":\"user7\",\"uid\":7}]},\"gates\":[{\"name\":\"budget\",\"pass\":true,\"reason\":\"ok\"}],"
		"\"created_at\":1700000010.0,\"expires_at\":1700000310.0,\"approved_by\":\"sre-alice, sre-bob\","
		"\"approver_proof\":[{\"kind\":\"unix\",\"uid\":0,\"user\":\"root\"},{\"kind\":\"unix\",\"uid\":0,"
		"\"user\":\"root\"}],\"executed_at\":null,\"outcome\":null}");
	assert_int_equal(entry->version, 2);
	assert_int_equal(actions.finished[STATUS_EXECUTED], 1);
}

static void parts_of_another_action_or_out_of_turn_are_refused(void **state)
{
	const struct action_entry *entry;

	(void)state;
	assert_int_equal(tell(gate_frame(1, 0), &entry), -EPROTO);
	assert_int_equal(tell(action_frame(1, STATUS_PENDING, 2, 0, 0), &entry), 0);
	assert_int_equal(tell(gate_frame(2, 0), &entry), -EPROTO);
	assert_int_equal(tell(gate_frame(1, 1), &entry), -EPROTO);
	assert_int_equal(tell(member_frame(1, 0), &entry), -EPROTO);
	assert_int_equal(tell(action_frame(3, STATUS_PENDING, 0, 0, 0), &entry), -EPROTO);
	assert_int_equal(actions_end(&actions), -EPROTO);
	actions_restart(&actions);
	assert_int_equal(tell(action_frame(3, STATUS_PENDING, 0, 0, 0), &entry), 1);
}

static void what_is_told_again_unchanged_is_no_news(void **state)
{
	const struct action_entry *entry;

	(void)state;
	assert_int_equal(tell(action_frame(1, STATUS_PENDING, 0, 0, 0), &entry), 1);
	assert_int_equal(tell(action_frame(1, STATUS_PENDING, 0, 0, 0), &entry), 0);
	assert_int_equal(tell(action_frame(1, STATUS_FAILED, 0, 0, 0), &entry), 1);
	assert_int_equal(tell(action_frame(1, STATUS_FAILED, 0, 0, 0), &entry), 0);
	assert_int_equal(actions.finished[STATUS_FAILED], 1);
	assert_int_equal(actions.count, 1);
}

static void what_a_new_list_does_not_tell_is_gone(void **state)
{
	const struct action_entry *entry;

	(void)state;
	for (uint64_t i = 3; i > 0; i--)
		assert_int_equal(tell(action_frame(i, STATUS_PENDING, 0, 0, 0), &entry), 1);
	assert_int_equal(actions_end(&actions), 0);
	assert_int_equal(actions.count, 3);
	actions_restart(&actions);
	assert_int_equal(tell(action_frame(2, STATUS_PENDING, 0, 0, 0), &entry), 0);
	assert_int_equal(actions_end(&actions), 0);
	assert_int_equal(actions.count, 1);
	assert_non_null(actions_find(&actions, 2));
	assert_null(actions_find(&actions, 1));
}

static void the_oldest_ended_action_makes_room(void **state)
{
	const struct action_entry *entry;

	(void)state;
	for (uint64_t i = 1; i <= ACTIONS_MAX; i++)
		assert_int_equal(
			tell(action_frame(i, i == 7 ? STATUS_EXPIRED : STATUS_PENDING, 0, 0, 0),
				&entry),
			1);
	assert_int_equal(tell(action_frame(5000, STATUS_PENDING, 0, 0, 0), &entry), 1);
	assert_null(actions_find(&actions, 7));
	assert_int_equal(tell(action_frame(5001, STATUS_PENDING, 0, 0, 0), &entry), 1);
	assert_null(actions_find(&actions, 1));
	assert_int_equal(actions.count, ACTIONS_MAX);
	assert_int_equal(actions.forgotten, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			an_action_is_whole_with_its_last_part_and_has_its_documented_shape,
			tear_down),
		cmocka_unit_test_teardown(
			parts_of_another_action_or_out_of_turn_are_refused, tear_down),
		cmocka_unit_test_teardown(what_is_told_again_unchanged_is_no_news, tear_down),
		cmocka_unit_test_teardown(what_a_new_list_does_not_tell_is_gone, tear_down),
		cmocka_unit_test_teardown(the_oldest_ended_action_makes_room, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
