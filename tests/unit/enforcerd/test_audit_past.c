/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit_past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "enforcerd/audit_line.h"

static char file[1 << 20];
static size_t file_len;
static char head[SHA256_HEX_SIZE];
static struct audit_past past;

static int set_up(void **state)
{
	(void)state;
	file_len = 0;
	memcpy(head, CHAIN_START, sizeof(head));
	return 0;
}

/* Appends a sealed line; returns where it begins. */
static char *add_event(const struct audit_event *event)
{
	char *line = file + file_len;
	long len;

	len = chain_seal(line, audit_json(event, line), AUDIT_JSON_BYTES, head);
	assert_true(len > 0);
	line[len] = '\n';
	file_len += (size_t)len + 1;
	return line;
}

static char *add(enum audit_kind kind, uint64_t action, const char *label)
{
	struct audit_event event = {
		.kind = kind, .action = action, .wall_ns = 1700000000 * NSEC_PER_SEC};

	strcpy(event.by.label, label);
	return add_event(&event);
}

/* A culprit's name if @comm, else a rule's. */
static void add_mute(bool comm, const char *what, uint32_t secs)
{
	struct audit_event event = {.kind = AUDIT_MUTED,
		.wall_ns = 1700000000 * NSEC_PER_SEC,
		.by = {PEER_TCP, 0, "sre-alice", "root"},
		.for_known = true,
		.for_secs = secs,
		.reason = "x\",\"for_secs\":9"};

	strcpy(comm ? event.comm : event.rule, what);
	add_event(&event);
}

static void read_back(void)
{
	audit_past_init(&past);
	audit_past_feed(&past, file, file_len);
	audit_past_end(&past);
}

static void begins_anew_without_a_file(void **state)
{
	(void)state;
	read_back();
	assert_string_equal(past.head, CHAIN_START);
	assert_int_equal(past.last_action, 0);
	assert_int_equal(past.broken_line, 0);
	assert_false(past.cut || past.held);
}

static void goes_on_with_chain_and_numbers(void **state)
{
	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	add(AUDIT_PROPOSED, 12, "");
	add(AUDIT_REFUSED, 3, "");
	read_back();
	assert_string_equal(past.head, head);
	assert_int_equal(past.last_action, 12);
	assert_int_equal(past.lines, 3);
	assert_int_equal(past.broken_line, 0);
}

static void finds_what_was_under_way(void **state)
{
	static const enum audit_kind ends[] = {
		AUDIT_OUTCOME, AUDIT_FAILED, AUDIT_REJECTED, AUDIT_EXPIRED, AUDIT_WITHDRAWN};

	(void)state;
	for (uint64_t i = 1; i <= 8; i++)
		add(AUDIT_PROPOSED, i, "");
	add(AUDIT_APPROVED, 6, "x");
	add(AUDIT_AUTO_APPROVED, 7, "");
	add(AUDIT_EXECUTED, 7, "");
	for (uint64_t i = 0; i < ARRAY_LEN(ends); i++)
		add(ends[i], i + 1, "");
	read_back();
	assert_int_equal(past.open_count, 3);
	assert_int_equal(past.open[0].action, 6);
	assert_true(past.open[0].approved);
	assert_int_equal(past.open[1].action, 7);
	assert_true(past.open[1].approved);
	assert_int_equal(past.open[2].action, 8);
	assert_false(past.open[2].approved);
}

static void counts_each_execution_once(void **state)
{
	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	add(AUDIT_EXECUTED, 1, "");
	add(AUDIT_EXECUTED, 1, "");
	read_back();
	assert_int_equal(past.spent_count, 1);
	assert_int_equal(past.spent_wall_ns[0], 1700000000 * NSEC_PER_SEC);
}

static void keeps_an_approvers_hold_until_he_resumes(void **state)
{
	(void)state;
	add(AUDIT_HOLD, 0, "sre-alice");
	read_back();
	assert_true(past.held);
	assert_string_equal(past.held_by, "sre-alice");
	add(AUDIT_RESUME, 0, ""); /* of the file: looked at, not remembered */
	read_back();
	assert_true(past.held);
	add(AUDIT_RESUME, 0, "sre-bob");
	add(AUDIT_HOLD, 0, "");
	read_back();
	assert_false(past.held);
}

static void keeps_mutes_until_they_end(void **state)
{
	const struct muting *first, *second;

	(void)state;
	add_mute(false, "storm", 60);
	add_mute(true, "storm", 3600);
	add_mute(false, "churn", 60);
	add_mute(false, "churn", 0);
	add_mute(false, "back\\slash", 60); /* escaped in the file */
	read_back();
	first = mutes_next(&past.mutes, NULL, 1700000059 * NSEC_PER_SEC);
	assert_int_equal(first->kind, MUTE_RULE);
	assert_string_equal(first->what, "storm");
	assert_string_equal(first->by, "sre-alice");
	assert_int_equal(first->until_wall_ns, 1700000060 * NSEC_PER_SEC);
	second = mutes_next(&past.mutes, first, 1700000059 * NSEC_PER_SEC);
	assert_int_equal(second->kind, MUTE_CULPRIT);
	assert_null(mutes_next(&past.mutes, second, 1700000059 * NSEC_PER_SEC));
	assert_ptr_equal(mutes_next(&past.mutes, NULL, 1700000060 * NSEC_PER_SEC), second);
}

static void notices_a_cut_line(void **state)
{
	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	memcpy(past.head, head, sizeof(head));
	add(AUDIT_PROPOSED, 2, "");
	file_len -= 10;
	read_back();
	assert_true(past.cut);
	assert_int_equal(past.lines, 1);
	assert_int_equal(past.broken_line, 0);
}

static void says_which_line_does_not_fit(void **state)
{
	char *line;

	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	line = add(AUDIT_PROPOSED, 2, "");
	add(AUDIT_PROPOSED, 3, "");
	line[20] ^= 1;
	read_back();
	assert_int_equal(past.broken_line, 2);
	assert_string_equal(past.head, head);
}

static void notices_a_missing_line(void **state)
{
	char *second, *third;

	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	second = add(AUDIT_PROPOSED, 2, "");
	third = add(AUDIT_PROPOSED, 3, "");
	file_len -= (size_t)(third - second);
	memmove(second, third, file_len - (size_t)(second - file));
	read_back();
	assert_int_equal(past.broken_line, 2);
}

static void believes_a_forged_line_only_where_it_makes_careful(void **state)
{
	const char *forged =
		"{\"time\":1.000000,\"kind\":\"RESUME\",\"by\":\"x\"}\n"
		"{\"time\":1.000000,\"kind\":\"OUTCOME\",\"action\":\"action-1\"}\n"
		"{\"time\":1.000000,\"kind\":\"MUTED\",\"by\":\"x\",\"uid\":0,\"user\":\"root\",\"via\":\"tcp\",\"rule\":\"storm\",\"for_secs\":604800,\"prev\":\"\"}\n"
		"{\"time\":1.000000,\"kind\":\"MUTED\",\"by\":\"x\",\"uid\":0,\"user\":\"root\",\"via\":\"tcp\",\"rule\":\"churn\",\"for_secs\":0,\"prev\":\"\"}\n"
		"{\"time\":1.000000,\"kind\":\"PROPOSED\",\"action\":\"action-900\"}\n";

	(void)state;
	add(AUDIT_PROPOSED, 1, "");
	add(AUDIT_HOLD, 0, "sre-alice");
	add_mute(false, "churn", 60);
	memcpy(file + file_len, forged, strlen(forged));
	file_len += strlen(forged);
	read_back();
	assert_true(past.held);
	assert_int_equal(past.open_count, 1);
	assert_int_equal(past.last_action, 900);
	assert_null(mutes_next(&past.mutes, NULL, 2));
}

static void survives_lines_beyond_its_bound(void **state)
{
	(void)state;
	memset(file, 'x', 3 * AUDIT_LINE_MAX);
	file[3 * AUDIT_LINE_MAX] = '\n';
	file_len = 3 * AUDIT_LINE_MAX + 1;
	add(AUDIT_PROPOSED, 5, "");
	read_back();
	assert_int_equal(past.broken_line, 1);
	assert_int_equal(past.last_action, 5);
	assert_false(past.cut);
}

static void remembers_the_newest_open_actions(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= AUDIT_OPEN_MAX + 2; i++)
		add(AUDIT_PROPOSED, i, "");
	read_back();
	assert_int_equal(past.open_count, AUDIT_OPEN_MAX);
	assert_int_equal(past.open[0].action, 3);
	assert_int_equal(past.open[AUDIT_OPEN_MAX - 1].action, AUDIT_OPEN_MAX + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begins_anew_without_a_file, set_up),
		cmocka_unit_test_setup(goes_on_with_chain_and_numbers, set_up),
		cmocka_unit_test_setup(finds_what_was_under_way, set_up),
		cmocka_unit_test_setup(counts_each_execution_once, set_up),
		cmocka_unit_test_setup(keeps_an_approvers_hold_until_he_resumes, set_up),
		cmocka_unit_test_setup(keeps_mutes_until_they_end, set_up),
		cmocka_unit_test_setup(notices_a_cut_line, set_up),
		cmocka_unit_test_setup(says_which_line_does_not_fit, set_up),
		cmocka_unit_test_setup(notices_a_missing_line, set_up),
		cmocka_unit_test_setup(believes_a_forged_line_only_where_it_makes_careful, set_up),
		cmocka_unit_test_setup(survives_lines_beyond_its_bound, set_up),
		cmocka_unit_test_setup(remembers_the_newest_open_actions, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
