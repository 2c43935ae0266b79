/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(const struct audit_event *event, const char *expected)
{
	char text[AUDIT_TEXT_BYTES];

	assert_int_equal(audit_text(event, text), strlen(expected));
	assert_string_equal(text, expected);
}

static void begins_lines_as_promised(void **state)
{
	const struct audit_event events[] = {
		{.kind = AUDIT_PROPOSED,
			.action = 1,
			.what = "kill_process",
			.pid = 31337,
			.comm = "stress",
			.rule = "cpu_spike"},
		{.kind = AUDIT_APPROVED, .action = 1, .by = {PEER_TCP, 1000, "sre-alice", "alice"}},
		{.kind = AUDIT_EXECUTED, .action = 1, .signal = "TERM", .pid = 31337},
		{.kind = AUDIT_OUTCOME,
			.action = 1,
			.what = "exited",
			.after_known = true,
			.after_ms = 12},
		{.kind = AUDIT_REFUSED,
			.action = 1,
			.what = "not-an-approver",
			.by = {PEER_TCP, 65534, "", "nobody"}},
		{.kind = AUDIT_AUTO_APPROVED, .action = 2, .rule = "fork_storm"},
		{.kind = AUDIT_HOLD, .by = {PEER_UNIX, 0, "root", "root"}},
		{.kind = AUDIT_MUTED,
			.by = {PEER_TCP, 0, "sre-alice", "root"},
			.rule = "fork_storm",
			.for_known = true,
			.for_secs = 7200},
		{.kind = AUDIT_MUTED,
			.by = {PEER_TCP, 0, "sre", "root"},
			.comm = "a\" for=1",
			.for_known = true,
			.reason = "over"},
	};

	(void)state;
	assert_text(&events[0],
		"[linnix_audit] PROPOSED action-1 kill_process pid=31337 comm=\"stress\" rule=cpu_spike");
	assert_text(&events[1],
		"[linnix_audit] APPROVED action-1 by sre-alice uid=1000 user=alice via=tcp");
	assert_text(&events[2], "[linnix_audit] EXECUTED action-1 signal=TERM pid=31337");
	assert_text(&events[3], "[linnix_audit] OUTCOME action-1 exited after_ms=12");
	assert_text(&events[4],
		"[linnix_audit] REFUSED action-1 not-an-approver uid=65534 user=nobody via=tcp");
	assert_text(&events[5], "[linnix_audit] AUTO-APPROVED action-2 rule=fork_storm");
	assert_text(&events[6], "[linnix_audit] HOLD by root uid=0 user=root via=unix");
	assert_text(&events[7],
		"[linnix_audit] MUTED rule=fork_storm for=7200s by sre-alice uid=0 user=root via=tcp");
	assert_text(&events[8],
		"[linnix_audit] MUTED comm=\"a\\x22 for=1\" for=0s by sre uid=0 user=root via=tcp reason=\"over\"");
}

static void lets_no_value_pass_for_the_rest_of_the_line(void **state)
{
	const struct audit_event label = {
		.kind = AUDIT_APPROVED, .action = 1, .by = {PEER_UNIX, 5, "x uid=0 user=root", ""}};
	const struct audit_event quote = {
		.kind = AUDIT_PROPOSED, .action = 1, .comm = "a\" rule=x\n\xff", .rule = "r\\"};
	const struct audit_event foreign = {
		.kind = AUDIT_REJECTED, .action = 1, .by.label = "J\xc3\xb6rg"};

	(void)state;
	assert_text(
		&label, "[linnix_audit] APPROVED action-1 by \"x uid=0 user=root\" uid=5 via=unix");
	assert_text(&quote,
		"[linnix_audit] PROPOSED action-1 comm=\"a\\x22 rule=x\\x0a\\xff\" rule=\"r\\x5c\"");
	assert_text(&foreign, "[linnix_audit] REJECTED action-1 by \"J\xc3\xb6rg\"");
}

static void writes_json_with_the_same_members(void **state)
{
	const struct audit_event event = {.kind = AUDIT_APPROVED,
		.wall_ns = 1700000000123456789ULL,
		.action = 7,
		.by = {PEER_TCP, 0, "a\"b", "root"},
		.reason = "x\ny"};
	const char *expected =
		"{\"time\":1700000000.123456,\"kind\":\"APPROVED\",\"action\":\"action-7\",\"by\":\"a\\\"b\","
		"\"uid\":0,\"user\":\"root\",\"via\":\"tcp\",\"reason\":\"x\\\\x0ay\"}";
	char json[AUDIT_JSON_BYTES];

	(void)state;
	assert_int_equal(audit_json(&event, json), strlen(expected));
	assert_string_equal(json, expected);
}

static void has_room_for_the_longest_event(void **state)
{
	struct audit_event event = {.kind = AUDIT_AUTO_APPROVED,
		.wall_ns = UINT64_MAX,
		.action = UINT64_MAX,
		.by = {.kind = PEER_UNIX, .uid = (uid_t)-1},
		.pid = UINT32_MAX,
		.members = UINT32_MAX,
		.after_known = true,
		.after_ms = UINT64_MAX,
		.for_known = true,
		.for_secs = UINT32_MAX,
		.what = "not-an-approver",
		.signal = "TERM"};
	char json[AUDIT_JSON_BYTES], text[AUDIT_TEXT_BYTES], head[SHA256_HEX_SIZE] = CHAIN_START;
	size_t len;

	(void)state;
	memset(event.by.label, 1, sizeof(event.by.label) - 1);
	memset(event.by.user, 1, sizeof(event.by.user) - 1);
	memset(event.comm, 1, sizeof(event.comm) - 1);
	memset(event.rule, 1, sizeof(event.rule) - 1);
	memset(event.reason, 1, sizeof(event.reason) - 1);
	len = audit_json(&event, json);
	assert_int_equal(json[len - 1], '}');
	assert_true(chain_seal(json, len, sizeof(json), head) > 0);
	assert_true(audit_text(&event, text) < sizeof(text));
}

static void gives_each_kind_a_message_id_of_its_own(void **state)
{
	(void)state;
	for (enum audit_kind a = 0; a < AUDIT_KIND_COUNT; a++) {
		assert_int_equal(strlen(audit_message_id(a)), 32);
		for (enum audit_kind b = 0; b < a; b++)
			assert_string_not_equal(audit_message_id(a), audit_message_id(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_lines_as_promised),
		cmocka_unit_test(lets_no_value_pass_for_the_rest_of_the_line),
		cmocka_unit_test(writes_json_with_the_same_members),
		cmocka_unit_test(has_room_for_the_longest_event),
		cmocka_unit_test(gives_each_kind_a_message_id_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
