/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incidents.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apid/incident_json.h"
#include "apid/incident_stats.h"
#include "tests/unit/apid/frames.h"

#define EPOCH  0x2a
#define OPENED (1700000000 * NSEC_PER_SEC)
#define TEXT_512                                                                                   \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                         \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct made_frame made;
static struct alerts alerts;
static struct incidents incidents;
static const struct stored_incident *stored;

static const char *user(uid_t uid, char *buffer, size_t size)
{
	snprintf(buffer, size, "user%u", (unsigned)uid);
	return buffer;
}

static int tear_down(void **state)
{
	(void)state;
	incidents_done(&incidents);
	alerts_done(&alerts);
	return 0;
}

/* An alert as the feed link takes it. */
static void alert(uint64_t counter, const char *rule, const char *incident, const char *detector)
{
	const struct alert payload = {
		.epoch = EPOCH,
		.counter = counter,
		.time_ns = 10 * NSEC_PER_SEC,
		.wall_ns = OPENED + counter,
		.value = 15.5,
		.threshold = 10,
		.culprit = {.tgid = 31337, .uid = 7, .start_ns = NSEC_PER_SEC, .cgroup = 99},
		.root_tgid = 31337,
		.severity = SEVERITY_HIGH,
		.scope = SCOPE_TREE,
	};
	const struct text texts[ALERT_TEXTS] = {
		[ALERT_RULE] = text_of(rule),
		[ALERT_MESSAGE] = text_of("too many"),
		[ALERT_INCIDENT] = text_of(incident),
		[ALERT_DETECTOR] = text_of(detector),
	};
	const struct stored_alert *kept;

	assert_int_equal(
		alerts_add(&alerts, make_frame(&made, FRAME_ALERT, &payload, texts), user, &kept),
		1);
	assert_int_equal(incidents_alert(&incidents, kept), 0);
}

static int tell(const struct incident *payload, const char *rules)
{
	return incidents_told(&incidents,
		make_frame(&made, FRAME_INCIDENT, payload, (struct text[]){text_of(rules)}),
		&alerts, 0, &stored);
}

static int open_one(uint64_t counter, uint64_t version, uint64_t cleared_wall_ns)
{
	const struct incident payload = {
		.epoch = EPOCH,
		.counter = counter,
		.version = version,
		.opened_wall_ns = OPENED + counter * NSEC_PER_SEC,
		.updated_wall_ns = OPENED + counter * NSEC_PER_SEC,
		.cleared_wall_ns = cleared_wall_ns,
		.alerts = 1,
		.severity = SEVERITY_HIGH,
		.evidence_complete = 1,
	};

	return tell(&payload, "storm");
}

static void evidence(uint64_t counter, uint32_t pid)
{
	const struct incident_process payload = {
		.epoch = EPOCH,
		.counter = counter,
		.process = {.tgid = pid},
		.lists = INCIDENT_IN_TREE,
	};

	assert_int_equal(incidents_evidence(&incidents,
				 make_frame(&made, FRAME_INCIDENT_PROCESS, &payload,
					 (struct text[]){text_of(""), text_of(TEXT_512)})),
		0);
}

static const struct stored_incident *find(uint64_t counter)
{
	return incidents_find(&incidents, (struct incident_id){EPOCH, counter});
}

static void an_incident_has_its_documented_shape(void **state)
{
	(void)state;
	alert(3, "storm", "2a-3", "");
	assert_int_equal(open_one(3, 1, 0), 1);
	assert_string_equal(stored->json,
		"{\"id\":\"2a-3\",\"status\":\"open\",\"severity\":\"high\",\"rule\":\"storm\","
		"\"rules\":[\"storm\"],\"culprit\":{\"pid\":31337,\"start_time\":1699999991.0,\"comm\":\"\","
		"\"exe\":null,\"args\":null,\"user\":\"user7\",\"uid\":7,\"cgroup\":null,\"unit\":null,"
		"\"container\":null,\"container_runtime\":null,\"pod\":null,\"root_pid\":31337},\"opened_at\":1700000003.0,\"updated_at\":1700000003.0,"
		"\"cleared_at\":null,\"alerts\":1,\"reopened\":0,\"flapping\":false,\"message\":\"too many\","
		"\"value\":15.5,\"threshold\":10.0,\"evidence_complete\":true}");
}

static void an_incident_whose_alert_is_not_known_has_no_culprit(void **state)
{
	(void)state;
	assert_int_equal(open_one(3, 1, 0), 1);
	assert_non_null(strstr(stored->json, "\"rule\":\"storm\",\"rules\":[\"storm\"],"
					     "\"culprit\":null,"));
	assert_non_null(
		strstr(stored->json, "\"message\":null,\"value\":null,\"threshold\":null,"));
	alert(3, "storm", "", "");
	assert_non_null(strstr(find(3)->json, "\"culprit\":{\"pid\":31337,"));
}

static void an_older_or_equal_version_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(open_one(3, 1, 0), 1);
	assert_int_equal(open_one(3, 1, 0), 0);
	assert_int_equal(open_one(3, 3, OPENED + 9 * NSEC_PER_SEC), 1);
	assert_int_equal(open_one(3, 1, 0), 0);
	assert_int_equal(open_one(3, 2, 0), 0);
	assert_false(incident_is_open(find(3)));
	assert_int_equal(incidents.count, 1);
	assert_int_equal(incidents.opened, 1);
}

static void frames_that_are_told_again_double_nothing(void **state)
{
	size_t bytes = 0;

	(void)state;
	for (unsigned twice = 0; twice < 2; twice++) {
		assert_int_equal(open_one(3, 1, 0), !twice);
		evidence(3, 5);
		evidence(3, 6);
		if (!twice)
			bytes = incidents.bytes;
	}
	assert_int_equal(find(3)->evidence.row_count, 2);
	assert_int_equal(incidents.bytes, bytes);
}

static void evidence_of_an_unknown_incident_is_counted(void **state)
{
	(void)state;
	evidence(3, 5);
	assert_int_equal(incidents.orphans, 1);
	assert_int_equal(incidents.count, 0);
}

static bool says_complete(uint64_t counter)
{
	return strstr(find(counter)->json, "\"evidence_complete\":true") != NULL;
}

static void evidence_that_is_not_here_is_not_complete(void **state)
{
	const struct incident_host host = {.epoch = EPOCH, .counter = 2};

	(void)state;
	assert_int_equal(open_one(1, 1, 0), 1);
	assert_true(says_complete(1));
	for (uint32_t pid = 1; pid <= INCIDENT_ROWS_MAX + 1; pid++)
		evidence(1, pid);
	assert_false(says_complete(1));
	assert_int_equal(open_one(2, 2, 0), 1);
	assert_false(says_complete(2));
	assert_int_equal(
		incidents_evidence(&incidents, make_frame(&made, FRAME_INCIDENT_HOST, &host, NULL)),
		0);
	assert_true(says_complete(2));
}

static void they_stand_by_the_time_of_opening(void **state)
{
	static const uint64_t told[] = {5, 2, 9, 1};
	static const uint64_t order[] = {1, 2, 5, 9};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		assert_int_equal(open_one(told[i], 1, 0), 1);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(incidents.list[i]->id.counter, order[i]);
}

static void a_later_version_does_not_move_an_incident(void **state)
{
	struct incident payload = {.epoch = EPOCH, .counter = 1, .version = 2};

	(void)state;
	assert_int_equal(open_one(1, 1, 0), 1);
	assert_int_equal(open_one(2, 1, 0), 1);
	payload.opened_wall_ns = OPENED * 2;
	assert_int_equal(tell(&payload, ""), 1);
	assert_int_equal(incidents.list[0]->id.counter, 1);
	assert_true(find(1)->state.opened_wall_ns == OPENED + NSEC_PER_SEC);
}

static void the_oldest_cleared_makes_room_then_the_oldest(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= INCIDENTS_MAX; i++)
		assert_int_equal(open_one(i, 1, i == 7 ? OPENED : 0), 1);
	assert_int_equal(open_one(5000, 1, 0), 1);
	assert_null(find(7));
	assert_non_null(find(1));
	assert_int_equal(open_one(5001, 1, 0), 1);
	assert_null(find(1));
	assert_int_equal(incidents.count, INCIDENTS_MAX);
	assert_int_equal(incidents.forgotten, 2);
}

static void evidence_is_bounded_by_bytes_and_the_one_it_is_of_stays(void **state)
{
	uint64_t counter = 1;

	(void)state;
	while (incidents.forgotten == 0) {
		assert_true(counter < INCIDENTS_MAX);
		assert_int_equal(open_one(counter, 1, 0), 1);
		for (uint32_t pid = 1; pid <= INCIDENT_ROWS_MAX; pid++)
			evidence(counter, pid);
		assert_non_null(find(counter));
		counter++;
	}
	assert_true(incidents.bytes <= INCIDENTS_BYTES_MAX);
	assert_null(find(1));
	assert_int_equal(find(counter - 1)->evidence.row_count, INCIDENT_ROWS_MAX);
}

static void what_the_first_alert_said_counts_too(void **state)
{
	size_t before;

	(void)state;
	assert_int_equal(open_one(1, 1, 0), 1);
	before = incidents.bytes;
	alert(1, "storm", "2a-1", "");
	assert_non_null(find(1)->first);
	assert_true(incidents.bytes >= before + 4096 + strlen(find(1)->json) / 2);
	assert_int_equal(incidents.bytes, find(1)->bytes);
}

static void what_joined_is_what_ruled_is_told_again(void **state)
{
	struct resume resume;

	(void)state;
	alert(1, "storm", "2a-1", "");
	assert_int_equal(open_one(1, 4, 0), 1);
	alert(2, "churn", "2a-1", "");
	alert(3, "storm", "2a-1", "");
	alert(4, "other", "2a-4", "");
	assert_int_equal(find(1)->rules.count, 2);
	resume = incident_resume(find(1), 0);
	assert_string_equal(find(1)->rules.list[0].name, "storm");
	assert_true(resume.told_wall_ns == OPENED + 3);
	assert_int_equal(resume.version, 4);
	assert_int_equal(resume.tgid, 31337);
	assert_int_equal(resume.uid, 7);
	assert_true(resume.start_ns == NSEC_PER_SEC);
	assert_int_equal(resume.cgroup, 99);
	assert_int_equal(resume.scope, SCOPE_TREE);
	assert_true(incident_resume(find(1), 1).told_wall_ns == OPENED + 2);
}

static void alerts_that_came_before_are_found_when_it_opens(void **state)
{
	(void)state;
	alert(1, "storm", "2a-1", "");
	alert(2, "churn", "2a-1", "");
	assert_int_equal(open_one(1, 1, 0), 1);
	assert_true(incident_rules_has(&stored->rules, "churn"));
	assert_non_null(strstr(stored->json, "\"rule\":\"storm\""));
}

static void filters_hold_together(void **state)
{
	struct query query;

	(void)state;
	query_init(&query);
	assert_int_equal(open_one(1, 1, 0), 1);
	assert_true(incident_matches(stored, &query));
	query.given = PARAM_STATUS_OF_INCIDENT | PARAM_SEVERITY | PARAM_RULE;
	query.open = true;
	query.severity = SEVERITY_HIGH;
	strcpy(query.rule, "storm");
	assert_true(incident_matches(stored, &query));
	query.open = false;
	assert_false(incident_matches(stored, &query));
	query.open = true;
	query.severity = SEVERITY_LOW;
	assert_false(incident_matches(stored, &query));
	query.severity = SEVERITY_HIGH;
	strcpy(query.rule, "stor");
	assert_false(incident_matches(stored, &query));
}

static void dumped(json_t *json, const char *expected)
{
	char *text = shape_dump(json);

	assert_string_equal(text, expected);
	free(text);
	json_decref(json);
}

static void summary_and_stats_count(void **state)
{
	(void)state;
	dumped(incidents_stats(&incidents),
		"{\"total\":0,\"open\":0,\"circuit_breaker_triggers\":0,\"avg_duration_ms\":null,"
		"\"flapping\":0}");
	alert(1, "breaker_cpu", "2a-1", "circuit_breaker");
	assert_int_equal(open_one(1, 1, OPENED + 2 * NSEC_PER_SEC), 1);
	assert_int_equal(open_one(2, 1, OPENED + 5 * NSEC_PER_SEC), 1);
	assert_int_equal(open_one(3, 1, 0), 1);
	dumped(incidents_stats(&incidents),
		"{\"total\":3,\"open\":1,\"circuit_breaker_triggers\":1,\"avg_duration_ms\":2000,"
		"\"flapping\":0}");
	dumped(incidents_summary(&incidents, OPENED + (24 * 3600 + 2) * NSEC_PER_SEC),
		"{\"total\":3,\"by_status\":{\"open\":1,\"cleared\":2},"
		"\"by_severity\":{\"info\":0,\"low\":0,\"medium\":0,\"high\":3},"
		"\"by_rule\":{\"breaker_cpu\":1,\"storm\":3},\"last_24h\":2}");
}

static void the_actions_of_an_incident_are_named(void **state)
{
	static struct actions actions;
	json_t *json;

	(void)state;
	assert_int_equal(open_one(1, 1, 0), 1);
	actions.count = 2;
	actions.entries[0] = (struct action_entry){.action = 4, .incident = {EPOCH, 2}};
	actions.entries[1] =
		(struct action_entry){.action = 5, .status = STATUS_FAILED, .incident = {EPOCH, 1}};
	json = incident_json_whole(stored, &actions, user);
	dumped(json_incref(json_object_get(json, "actions")),
		"[{\"id\":\"action-5\",\"status\":\"failed\"}]");
	json_decref(json);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_incident_has_its_documented_shape),
		TEST(an_incident_whose_alert_is_not_known_has_no_culprit),
		TEST(an_older_or_equal_version_changes_nothing),
		TEST(frames_that_are_told_again_double_nothing),
		TEST(evidence_of_an_unknown_incident_is_counted),
		TEST(evidence_that_is_not_here_is_not_complete),
		TEST(they_stand_by_the_time_of_opening),
		TEST(a_later_version_does_not_move_an_incident),
		TEST(the_oldest_cleared_makes_room_then_the_oldest),
		TEST(evidence_is_bounded_by_bytes_and_the_one_it_is_of_stays),
		TEST(what_the_first_alert_said_counts_too),
		TEST(what_joined_is_what_ruled_is_told_again),
		TEST(alerts_that_came_before_are_found_when_it_opens),
		TEST(filters_hold_together),
		TEST(summary_and_stats_count),
		TEST(the_actions_of_an_incident_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
