/* SPDX-License-Identifier: AGPL-3.0-only */
/* Clients really connected, and their requests really in the socket. */
#include "enforcerd/decide.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "world.h"

static struct sockaddr_un api = {.sun_family = AF_UNIX};
static int listener = -1;
static int client = -1; /* the last client's end */
static char user[APPROVAL_USER_BYTES], detail[256];
static const char *why;

/* The API's socket, as apid has it. */
static int listen_as_api(void **state)
{
	static const struct config_list nowhere;
	char directory[] = "/tmp/linnix-test-XXXXXX";

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(api.sun_path, sizeof(api.sun_path), "%s/api.sock", directory);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&api, sizeof(api)) < 0 || listen(listener, 4) < 0)
		return -1;
	return peer_serves(api.sun_path, &nowhere);
}

static int remove_api(void **state)
{
	(void)state;
	close_fd(&listener);
	remove(api.sun_path);
	*strrchr(api.sun_path, '/') = '\0';
	return remove(api.sun_path);
}

static int tear_down(void **state)
{
	close_fd(&client);
	return end_world(state);
}

/* A client has sent @request, and apid hands its socket over as @connection. */
static struct proof claim(uint64_t connection, const char *request)
{
	struct proof proof;
	int accepted;

	close_fd(&client);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&api, sizeof(api)), 0);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	assert_int_equal(write(client, request, strlen(request)), strlen(request));
	decide_claim(&core, connection, &accepted, &proof, user, &why);
	close_fd(&accepted);
	return proof;
}

static enum decision_result decide_as(uint64_t connection, const char *label, uint64_t if_match)
{
	struct decide request = {.request = 5, .connection = connection, .if_match = if_match};
	const struct frame frame = {
		.spec = frame_spec(FRAME_DECIDE), .payload = &request, .tail = label};
	struct decided decided;

	request.text_len[0] = (uint16_t)strlen(label);
	decide(&core, &frame, &decided, detail);
	assert_int_equal(decided.request, 5);
	return decided.result;
}

/* As whoever sent @connection's request; @what cut to what a tail can hold. */
static enum decision_result mute_as(
	uint64_t connection, enum mute_kind kind, const char *what, uint32_t secs)
{
	struct decide request = {.request = 5,
		.connection = connection,
		.mute_kind = (uint16_t)kind,
		.mute_secs = secs,
		.text_len = {5, 5, (uint16_t)strlen(what)}};
	char tail[512];
	const struct frame frame = {
		.spec = frame_spec(FRAME_DECIDE), .payload = &request, .tail = tail};
	struct decided decided;

	snprintf(tail, sizeof(tail), "alicenoisy%s", what);
	decide(&core, &frame, &decided, detail);
	return decided.result;
}

#define HEAD(line) line " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define APPROVE	   HEAD("POST /actions/action-1/approve")
#define MUTE	   HEAD("POST /rules/mute")

static void lets_a_proven_approver_decide_once(void **state)
{
	struct job *job = propose();
	struct proof proof = claim(1, APPROVE);

	(void)state;
	assert_true(proof.admitted && proof.kind == PEER_UNIX && proof.uid == geteuid());
	assert_true(proof.verb == VERB_APPROVE && proof.action == 1);
	assert_string_equal(user, "root");
	assert_int_equal(decide_as(1, "alice", job->version), DECISION_OK);
	assert_string_equal(detail, "");
	assert_int_equal(job->status, STATUS_APPROVED);
	assert_string_equal(job->approvals[0].label, "alice");
	assert_string_equal(job->approvals[0].user, "root");
	assert_written(0, AUDIT_APPROVED, "");
	assert_int_equal(decide_as(1, "alice", 0), DECISION_CONFLICT);
	assert_string_equal(detail, "one connection decides once: use a new one");
}

static void counts_one_person_once_however_often_he_connects(void **state)
{
	struct job *job = propose();

	(void)state;
	config.enforcement.approvers_required = 2;
	assert_true(claim(1, APPROVE).admitted);
	assert_int_equal(decide_as(1, "alice", 0), DECISION_OK);
	assert_true(claim(2, APPROVE).admitted);
	assert_int_equal(decide_as(2, "bob", 0), DECISION_CONFLICT);
	assert_int_equal(job->status, STATUS_PENDING);
}

static void believes_no_connection_it_has_not_seen(void **state)
{
	(void)state;
	(void)propose();
	assert_int_equal(decide_as(1, "root", 0), DECISION_FORBIDDEN);
	assert_written(0, AUDIT_REFUSED, "this connection is not proven to be an approver's");
	assert_true(claim(1, HEAD("GET /whoami")).admitted);
	assert_int_equal(decide_as(1, "root", 0), DECISION_FORBIDDEN);
}

static void carries_out_what_the_client_asked_and_not_what_apid_says(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_true(claim(1, HEAD("POST /actions/action-1/reject")).admitted);
	assert_int_equal(decide_as(1, "alice", 0), DECISION_OK);
	assert_int_equal(job->status, STATUS_REJECTED);
}

static void proves_nobody_by_a_relayed_or_broken_request(void **state)
{
	static const char *const requests[] = {
		"POST /actions/action-1/approve HTTP/1.1\r\nX-Forwarded-For: ::1\r\n\r\n",
		"POST /actions/action-1/approve HTTP/1.1\r\nHost: x\r\n",
		"POST /actions/action-1/approve HTTP/1.1\r\nno colon\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct proof proof = claim(i + 1, requests[i]);

		assert_true(proof.kind == PEER_NOBODY && !proof.admitted);
		assert_int_equal(decide_as(i + 1, "root", 0), DECISION_FORBIDDEN);
		pass_seconds(1);
	}
	assert_int_equal(written_count, ARRAY_LEN(requests));
	assert_string_equal(written[0].what, "not-proven");
	assert_string_equal(written[0].reason, "the request was relayed");
}

static void refuses_who_may_not_decide(void **state)
{
	(void)state;
	core.policy.suite[ROLE_APID] = geteuid();
	assert_false(claim(1, APPROVE).admitted);
	assert_string_equal(why, "a user of this suite decides nothing");
	assert_string_equal(written[0].what, "not-an-approver");
	core.policy.suite[ROLE_APID] = 900;
	config.approvers.via = VIA_TCP;
	assert_false(claim(2, APPROVE).admitted);
	assert_string_equal(why, "unix is not admitted (approvers.via)");
}

static void writes_one_refusal_a_second_and_counts_the_others(void **state)
{
	(void)state;
	config.approvers.via = VIA_TCP;
	for (uint64_t i = 1; i <= 4; i++)
		assert_false(claim(i, APPROVE).admitted);
	assert_int_equal(written_count, 1);
	decide_tick(&core);
	assert_int_equal(written_count, 1);
	pass_seconds(1);
	decide_tick(&core);
	assert_int_equal(written_count, 2);
	assert_written(0, AUDIT_REFUSED, "3 more suppressed");
}

static void asks_the_kernel_again_before_it_decides(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_true(claim(1, APPROVE).admitted);
	close_fd(&client);
	assert_int_equal(decide_as(1, "root", 0), DECISION_FORBIDDEN);
	assert_string_equal(detail, "the caller's connection is gone");
	assert_int_equal(job->status, STATUS_PENDING);
	assert_int_equal(decide_as(1, "root", 0), DECISION_CONFLICT); /* it was evidence */
	assert_true(claim(2, APPROVE).admitted);
	config.approvers.via = 0;
	assert_int_equal(decide_as(2, "root", 0), DECISION_FORBIDDEN);
}

static void answers_what_cannot_be_decided(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_true(claim(1, HEAD("POST /actions/action-99/approve")).admitted);
	assert_int_equal(decide_as(1, "root", 0), DECISION_UNKNOWN);
	assert_true(claim(2, APPROVE).admitted);
	assert_int_equal(decide_as(2, "root", job->version + 1), DECISION_MISMATCH);
	assert_true(claim(3, APPROVE).admitted);
	assert_int_equal(decide_as(3, "two\nlines", 0), DECISION_INVALID);
	assert_true(claim(4, APPROVE).admitted);
	assert_int_equal(decide_as(4, "", 0), DECISION_INVALID);
	assert_int_equal(job->status, STATUS_PENDING);
}

static void holds_even_without_an_audit_but_resumes_only_with_one(void **state)
{
	(void)state;
	audit_result = -ENOBUFS;
	assert_true(claim(1, HEAD("POST /enforcement/hold")).admitted);
	assert_int_equal(decide_as(1, "alice", 0), DECISION_OK);
	assert_string_equal(core_held_by(&core), "alice");
	assert_true(told_enforcer > 0);
	assert_true(claim(2, HEAD("POST /enforcement/resume")).admitted);
	assert_int_equal(decide_as(2, "alice", 0), DECISION_UNAVAILABLE);
	audit_result = 0;
	set_hold_file(true);
	assert_true(claim(3, HEAD("POST /enforcement/resume")).admitted);
	assert_int_equal(decide_as(3, "alice", 0), DECISION_CONFLICT);
	set_hold_file(false);
	assert_true(claim(4, HEAD("POST /enforcement/resume")).admitted);
	assert_int_equal(decide_as(4, "alice", 0), DECISION_OK);
	assert_null(core_held_by(&core));
}

static void a_mute_is_on_the_disk_before_ruled_hears_of_it(void **state)
{
	(void)state;
	assert_true(claim(1, MUTE).admitted);
	assert_int_equal(mute_as(1, MUTE_RULE, "storm", 7200), DECISION_OK);
	assert_written(0, AUDIT_MUTED, "noisy");
	assert_string_equal(written[0].rule, "storm");
	assert_string_equal(written[0].comm, "");
	assert_string_equal(written[0].by.label, "alice");
	assert_true(written[0].for_known && written[0].for_secs == 7200);
	assert_int_equal(told_mutes, 0);
	assert_null(mutes_next(&core.mutes, NULL, wall_ns));
	decide_mute_logged(&core, 0);
	assert_int_equal(told_mutes, 1);
	assert_int_equal(told_mute.kind, MUTE_RULE);
	assert_string_equal(told_mute.what, "storm");
	assert_string_equal(told_mute.by, "alice");
	assert_true(told_mute.until_wall_ns == wall_ns + 7200 * NSEC_PER_SEC);
	assert_non_null(mutes_next(&core.mutes, NULL, wall_ns));
}

static void a_mute_whose_line_is_lost_is_none(void **state)
{
	(void)state;
	assert_true(claim(1, MUTE).admitted);
	assert_int_equal(mute_as(1, MUTE_CULPRIT, "make", 60), DECISION_OK);
	assert_string_equal(written[0].comm, "make");
	decide_mute_logged(&core, -EIO);
	assert_null(mutes_next(&core.mutes, NULL, wall_ns));
	assert_true(told_mutes == 1 && told_mute.until_wall_ns == 0);
	audit_result = -ENOBUFS;
	assert_true(claim(2, MUTE).admitted);
	assert_int_equal(mute_as(2, MUTE_CULPRIT, "make", 60), DECISION_UNAVAILABLE);
	audit_result = 0;
	audit_good = false;
	assert_true(claim(3, MUTE).admitted);
	assert_int_equal(mute_as(3, MUTE_CULPRIT, "make", 60), DECISION_UNAVAILABLE);
	assert_int_equal(told_mutes, 1);
}

static void muting_no_more_waits_for_nothing(void **state)
{
	(void)state;
	assert_true(claim(1, MUTE).admitted);
	assert_int_equal(mute_as(1, MUTE_RULE, "storm", 60), DECISION_OK);
	decide_mute_logged(&core, 0);
	audit_result = -ENOBUFS;
	audit_good = false;
	assert_true(claim(2, MUTE).admitted);
	assert_int_equal(mute_as(2, MUTE_RULE, "storm", 0), DECISION_OK);
	assert_true(told_mutes == 2 && told_mute.until_wall_ns == 0);
	assert_string_equal(told_mute.what, "storm");
	assert_null(mutes_next(&core.mutes, NULL, wall_ns));
	/* Asked for again before its line came back: the line of the first says nothing any more. */
	audit_result = 0;
	audit_good = true;
	assert_true(claim(3, MUTE).admitted);
	assert_int_equal(mute_as(3, MUTE_RULE, "storm", 60), DECISION_OK);
	assert_true(claim(4, MUTE).admitted);
	assert_int_equal(mute_as(4, MUTE_RULE, "storm", 0), DECISION_OK);
	decide_mute_logged(&core, 0);
	decide_mute_logged(&core, 0);
	assert_true(told_mutes == 3 && told_mute.until_wall_ns == 0);
}

static void mutes_only_who_has_asked_for_a_mute(void **state)
{
	struct job *job = propose();

	(void)state;
	assert_int_equal(mute_as(1, MUTE_RULE, "storm", 60), DECISION_FORBIDDEN);
	assert_written(0, AUDIT_REFUSED, "this connection is not proven to be an approver's");
	assert_true(claim(1, HEAD("POST /actions/action-1/reject")).admitted);
	assert_int_equal(mute_as(1, MUTE_RULE, "storm", 60), DECISION_OK);
	assert_int_equal(job->status, STATUS_REJECTED);
	config.approvers.via = VIA_TCP;
	pass_seconds(1);
	assert_false(claim(2, MUTE).admitted);
	assert_written(0, AUDIT_REFUSED, "unix is not admitted (approvers.via)");
	assert_int_equal(mute_as(2, MUTE_RULE, "storm", 60), DECISION_FORBIDDEN);
	assert_null(mutes_next(&core.mutes, NULL, wall_ns));
	assert_int_equal(told_mutes, 0);
}

static void refuses_a_mute_that_says_nothing_good(void **state)
{
	static const struct {
		enum mute_kind kind;
		const char *what;
		uint32_t secs;
	} bad[] = {
		{0, "storm", 60},
		{MUTE_RULE, "", 60},
		{MUTE_CULPRIT, "sixteen_bytes_ok", 60},
		{MUTE_RULE, "two\nlines", 60},
		{MUTE_RULE, "\xff", 0},
		{MUTE_RULE, "storm", MUTE_SECS_MAX + 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(claim(i + 1, MUTE).admitted);
		assert_int_equal(
			mute_as(i + 1, bad[i].kind, bad[i].what, bad[i].secs), DECISION_INVALID);
	}
	assert_int_equal(written_count, 0);
}

static void a_mute_too_many_is_a_conflict(void **state)
{
	char name[16];

	(void)state;
	for (uint64_t i = 1; i <= MUTES_MAX; i++) {
		written_count = 0;
		snprintf(name, sizeof(name), "rule-%u", (unsigned)i);
		assert_true(claim(i, MUTE).admitted);
		assert_int_equal(mute_as(i, MUTE_RULE, name, 60), DECISION_OK);
	}
	assert_true(claim(100, MUTE).admitted);
	assert_int_equal(mute_as(100, MUTE_RULE, "another", 60), DECISION_CONFLICT);
	assert_string_equal(detail, "64 mutes stand already");
	assert_true(claim(101, MUTE).admitted);
	assert_int_equal(mute_as(101, MUTE_RULE, "rule-5", 600), DECISION_OK);
	pass_seconds(60);
	assert_true(claim(102, MUTE).admitted);
	assert_int_equal(mute_as(102, MUTE_RULE, "another", 60), DECISION_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lets_a_proven_approver_decide_once),
		TEST(counts_one_person_once_however_often_he_connects),
		TEST(believes_no_connection_it_has_not_seen),
		TEST(carries_out_what_the_client_asked_and_not_what_apid_says),
		TEST(proves_nobody_by_a_relayed_or_broken_request),
		TEST(refuses_who_may_not_decide),
		TEST(writes_one_refusal_a_second_and_counts_the_others),
		TEST(asks_the_kernel_again_before_it_decides),
		TEST(answers_what_cannot_be_decided),
		TEST(holds_even_without_an_audit_but_resumes_only_with_one),
		TEST(a_mute_is_on_the_disk_before_ruled_hears_of_it),
		TEST(a_mute_whose_line_is_lost_is_none),
		TEST(muting_no_more_waits_for_nothing),
		TEST(mutes_only_who_has_asked_for_a_mute),
		TEST(refuses_a_mute_that_says_nothing_good),
		TEST(a_mute_too_many_is_a_conflict),
	};
#undef TEST

	if (geteuid() != 0 || !enter_namespace()) {
		printf("1..0 # SKIP needs root and a pid namespace\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, listen_as_api, remove_api);
}
