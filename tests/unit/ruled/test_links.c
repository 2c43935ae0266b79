/* SPDX-License-Identifier: AGPL-3.0-only */
/* The links over real sockets, with a made-up collectord, apid and enforcerd at the other end. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/account.h"
#include "common/boot.h"
#include "ruled/events_link.h"
#include "ruled/proposals_link.h"
#include "ruled/resumes.h"

#define TOLD_MAX 64

struct fixture {
	char dir[32];
	struct loop *loop;
	struct loop_event *step;
	struct engine *engine;
	struct feed_link feed;
	struct proposals_link proposals;
	struct events_link events;
	struct link *apid, *enforcerd, *collectord; /* the other ends */
	unsigned steps;
	bool acknowledges;
	unsigned breaks_at; /* this alert ends the connection */
	uint64_t alerts[TOLD_MAX]; /* counters, in order of arrival */
	unsigned alert_count;
	struct alert_note note; /* the last */
	char why[64];
	unsigned notes, rules, hosts, mutes;
	struct mute mute; /* the last */
	char muted[32], muted_by[32];
	uint64_t muted_until; /* of the last rule told */
	uint64_t next_action; /* 0: refuses */
	unsigned proposed, withdrawn;
	char incident[64]; /* of the last proposal */
	unsigned incidents, downs;
	struct propose propose; /* the last */
	struct want want;	/* the last */
	unsigned wants;
};

static void acknowledge(struct fixture *f, struct link *link, const struct frame *frame)
{
	const struct ack ack = {.sequence = frame->header.sequence};

	if (f->acknowledges)
		assert_int_equal(link_send(link, FRAME_ACK, &ack, NULL), 0);
}

static int on_alert(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)fd;
	f->alerts[f->alert_count++ % TOLD_MAX] = ((const struct alert *)frame->payload)->counter;
	acknowledge(f, link, frame);
	return f->alert_count == f->breaks_at ? -EPROTO : 0;
}

static int on_note(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)fd;
	f->note = *(const struct alert_note *)frame->payload;
	text_copy(frame_text(frame, 0), f->why, sizeof(f->why));
	f->notes++;
	acknowledge(f, link, frame);
	return 0;
}

static int on_incident(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)fd;
	f->incidents++;
	acknowledge(f, link, frame);
	return 0;
}

static void on_down(struct link *link, void *ctx)
{
	(void)link;
	((struct fixture *)ctx)->downs++;
}

static int on_state(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)link, (void)fd;
	f->rules += frame->header.type == FRAME_RULES;
	f->hosts += frame->header.type == FRAME_HOST;
	return 0;
}

static int on_mute_told(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)link, (void)fd;
	f->mutes++;
	f->mute = *(const struct mute *)frame->payload;
	text_copy(frame_text(frame, 0), f->muted, sizeof(f->muted));
	text_copy(frame_text(frame, 1), f->muted_by, sizeof(f->muted_by));
	return 0;
}

static int on_rule(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link, (void)fd;
	((struct fixture *)ctx)->muted_until =
		((const struct rule *)frame->payload)->muted_until_wall_ns;
	return 0;
}

static int on_propose(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;
	struct verdict verdict;
	const struct text why = text_of(f->next_action ? "" : "protected");

	(void)fd;
	f->propose = *(const struct propose *)frame->payload;
	f->proposed++;
	text_copy(frame_text(frame, 1), f->incident, sizeof(f->incident));
	verdict = (struct verdict){.proposal = f->propose.proposal, .action = f->next_action};
	assert_int_equal(link_send(link, FRAME_VERDICT, &verdict, &why), 0);
	return 0;
}

static int on_withdraw(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)link, (void)fd;
	assert_int_equal(((const struct withdraw *)frame->payload)->proposal, f->propose.proposal);
	f->withdrawn++;
	return 0;
}

static int on_want(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct fixture *f = ctx;

	(void)link, (void)fd;
	f->want = *(const struct want *)frame->payload;
	f->wants++;
	return 0;
}

static const struct link_handlers FEED[] = {
	{FRAME_ALERT, on_alert},
	{FRAME_ALERT_NOTE, on_note},
	{FRAME_RULES, on_state},
	{FRAME_HOST, on_state},
	{FRAME_RULE, on_rule},
	{FRAME_MUTE, on_mute_told},
	{FRAME_INCIDENT, on_incident},
};
static const struct link_handlers PROPOSALS[] = {
	{FRAME_PROPOSE, on_propose},
	{FRAME_WITHDRAW, on_withdraw},
};
static const struct link_handlers EVENTS[] = {
	{FRAME_WANT, on_want},
};
static const struct link_def APID = {
	.name = "feed",
	.socket = "apid/feed.sock",
	.self = ROLE_APID,
	.peer = ROLE_RULED,
	.in = WAY_FEED_UP,
	.out = WAY_FEED_DOWN,
	.listens = true,
	.queue_bytes_max = 65536,
	.handlers = FEED,
	.handler_count = ARRAY_LEN(FEED),
	.on_down = on_down,
};
static const struct link_def ENFORCERD = {
	.name = "proposals",
	.socket = "enforcerd/proposals.sock",
	.self = ROLE_ENFORCERD,
	.peer = ROLE_RULED,
	.in = WAY_PROPOSALS_UP,
	.out = WAY_PROPOSALS_DOWN,
	.listens = true,
	.queue_bytes_max = 65536,
	.handlers = PROPOSALS,
	.handler_count = ARRAY_LEN(PROPOSALS),
};

static const struct link_def COLLECTORD = {
	.name = "events",
	.socket = "ruled/events.sock",
	.self = ROLE_COLLECTORD,
	.peer = ROLE_RULED,
	.in = WAY_EVENTS_DOWN,
	.out = WAY_EVENTS_UP,
	.queue_bytes_max = 65536,
	.handlers = EVENTS,
	.handler_count = ARRAY_LEN(EVENTS),
};

static void no_alert(void *ctx, const struct engine_alert *alert)
{
	(void)ctx, (void)alert;
}

static void no_clear(void *ctx, uint64_t counter, const char *why)
{
	(void)ctx, (void)counter, (void)why;
}

static void tell_incident(
	void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	feed_link_tell(&((struct fixture *)ctx)->feed, type, payload, texts);
}

static void on_step(void *ctx)
{
	struct fixture *f = ctx;

	if (f->steps-- == 1)
		loop_stop(f->loop);
}

/* Lets @ms of real time pass. */
static void run(struct fixture *f, unsigned ms)
{
	f->steps = ms / 10;
	loop_timer_every(f->step, 10);
	assert_int_equal(loop_run(f->loop), 0);
	loop_timer_stop(f->step);
}

static int set_up(void **state)
{
	const struct engine_options options = {.retention_ns = 1};
	struct fixture *f = calloc(1, sizeof(*f));
	const struct engine_sink sink = {no_alert, no_clear, tell_incident, f};
	char path[64];

	if (!f || boot_read() < 0)
		return -1;
	strcpy(f->dir, "/tmp/linnix-test-XXXXXX");
	if (!mkdtemp(f->dir) || setenv("LINNIX_RUN_DIR", f->dir, 1) < 0)
		return -1;
	for (const char *const *name = (const char *const[]){"apid", "enforcerd", "ruled", NULL}; *name;
		name++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, *name);
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	f->acknowledges = true;
	if (loop_new(&f->loop) < 0 || loop_timer_new(f->loop, on_step, f, &f->step) < 0 ||
		engine_new(&options, &sink, &f->engine) < 0 ||
		feed_link_new(&f->feed, f->loop, f->engine, geteuid()) < 0 ||
		proposals_link_new(&f->proposals, f->loop, &f->feed, f->engine, 7, geteuid()) < 0 ||
		events_link_new(&f->events, f->loop, f->engine, &f->feed, geteuid()) < 0)
		return -1;
	*state = f;
	return 0;
}

static void open_end(struct fixture *f, const struct link_def *def, struct link **end)
{
	assert_int_equal(link_new(f->loop, def, geteuid(), f, end), 0);
	assert_int_equal(link_open(*end), 0);
}

static int tear_down(void **state)
{
	static const char *const left[] = {"apid/feed.sock", "enforcerd/proposals.sock", "ruled/events.sock",
		"apid", "enforcerd", "ruled"};
	struct fixture *f = *state;
	char path[64];

	events_link_done(&f->events);
	proposals_link_done(&f->proposals);
	feed_link_done(&f->feed);
	link_free(f->apid);
	link_free(f->enforcerd);
	link_free(f->collectord);
	engine_free(f->engine);
	loop_event_free(f->step);
	loop_free(f->loop);
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, left[i]);
		remove(path);
	}
	remove(f->dir);
	free(f);
	return 0;
}

static struct rule_def rule = {.name = "storm", .action = ACTION_KILL_TREE, .signal = SIGKILL};

static struct engine_alert make_alert(uint64_t counter)
{
	struct engine_alert alert = {
		.rule = &rule,
		.frame = {.epoch = 7,
			.counter = counter,
			.culprit =
				{.tgid = 4711, .start_ns = 5, .ino = 6, .uid = 1000, .comm = "sh"}},
		.actionable = true,
	};

	for (unsigned i = 0; i < ALERT_TEXTS; i++)
		alert.texts[i] = text_of("");
	alert.texts[ALERT_RULE] = text_of(rule.name);
	alert.texts[ALERT_INCIDENT] = text_of("7-99");
	return alert;
}

static void tell(struct fixture *f, uint64_t counter)
{
	struct engine_alert alert = make_alert(counter);

	feed_link_tell(&f->feed, FRAME_ALERT, &alert.frame, alert.texts);
}

static void alerts_come_again_in_order_until_they_are_acknowledged(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 1; i <= 3; i++)
		tell(f, i);
	f->acknowledges = false;
	open_end(f, &APID, &f->apid);
	assert_int_equal(feed_link_open(&f->feed), 0);
	run(f, 100);
	tell(f, 4);
	run(f, 30);
	assert_int_equal(f->alert_count, 4);
	assert_int_equal(f->feed.queue.count, 4);
	/* The connection breaks; the next one gets all of them. */
	f->breaks_at = 5;
	tell(f, 5);
	run(f, 20);
	f->acknowledges = true;
	f->alert_count = f->breaks_at = 0;
	run(f, 400);
	assert_int_equal(f->alert_count, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(f->alerts[i], i + 1);
	assert_int_equal(f->feed.queue.count, 0);
	assert_int_equal(f->feed.queue.discarded, 0);
}

static void states_are_told_to_an_apid_that_comes_late(void **state)
{
	struct fixture *f = *state;
	static const uint64_t body[] = {0, 0, 0};
	const struct frame host = {
		.header = {.length = 16 + sizeof(struct host), .type = FRAME_HOST},
		.spec = frame_spec(FRAME_HOST),
		.payload = body,
		.tail = ""};

	assert_int_equal(sizeof(struct host), sizeof(body));
	feed_link_rules(&f->feed, "");
	feed_link_pass_on(&f->feed, &host);
	open_end(f, &APID, &f->apid);
	assert_int_equal(feed_link_open(&f->feed), 0);
	run(f, 100);
	assert_int_equal(f->rules, 1);
	assert_int_equal(f->hosts, 1);
}

static void open_both(struct fixture *f)
{
	open_end(f, &APID, &f->apid);
	open_end(f, &ENFORCERD, &f->enforcerd);
	assert_int_equal(feed_link_open(&f->feed), 0);
	assert_int_equal(proposals_link_open(&f->proposals), 0);
	run(f, 100);
}

static void propose(struct fixture *f, uint64_t counter)
{
	struct engine_alert alert = make_alert(counter);

	proposals_link_alert(&f->proposals, &alert);
	run(f, 50);
}

static void resume(struct fixture *f, unsigned type, uint64_t counter)
{
	const struct resume frame = {
		.epoch = 5, .counter = counter, .version = 1, .tgid = 77, .start_ns = 1};
	const struct resumed end = {1};
	const struct text none = text_of("");

	if (type == FRAME_RESUME)
		assert_int_equal(link_send(f->apid, type, &frame, &none), 0);
	else
		assert_int_equal(link_send(f->apid, type, &end, NULL), 0);
	run(f, 30);
}

static void what_apid_holds_is_resumed_once_a_connection(void **state)
{
	const struct tick tick = {.time_ns = 10};
	const struct frame frame = {.header = {.type = FRAME_TICK}, .payload = &tick};
	struct fixture *f = *state;
	struct detection detection;

	open_both(f);
	resume(f, FRAME_RESUME, 1);
	resume(f, FRAME_RESUMED, 0);
	assert_int_equal(f->downs, 0);
	/* Its rule is not there: the first second clears it, reliably told. */
	engine_frame(f->engine, &frame);
	run(f, 30);
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.incidents_open, 0);
	assert_int_equal(f->incidents, 1);
	assert_int_equal(f->feed.queue.count, 0);
	/* trust: a second list ends the connection, the next one may begin anew */
	resume(f, FRAME_RESUME, 2);
	assert_int_equal(f->downs, 1);
	run(f, 3000);
	resume(f, FRAME_RESUMED, 0);
	assert_int_equal(f->downs, 1);
	resume(f, FRAME_RESUMED, 0);
	assert_int_equal(f->downs, 2);
}

static void an_endless_list_of_apids_ends_the_connection(void **state)
{
	struct fixture *f = *state;
	struct resume frame = {.epoch = 5, .version = 1};
	const struct text none = text_of("");

	open_both(f);
	for (frame.counter = 1; frame.counter <= RESUMES_MAX; frame.counter++) {
		assert_int_equal(link_send(f->apid, FRAME_RESUME, &frame, &none), 0);
		if (frame.counter % 128 == 0)
			run(f, 20);
	}
	run(f, 30);
	assert_int_equal(f->downs, 0);
	assert_int_equal(link_send(f->apid, FRAME_RESUME, &frame, &none), 0);
	run(f, 50);
	assert_int_equal(f->downs, 1);
}

static void the_verdict_becomes_a_note_and_the_end_a_withdrawal(void **state)
{
	struct fixture *f = *state;

	open_both(f);
	f->next_action = 12;
	propose(f, 1);
	assert_int_equal(f->proposed, 1);
	assert_int_equal(f->propose.tgid, 4711);
	assert_string_equal(f->incident, "7-99");
	assert_int_equal(f->propose.ino, 6);
	assert_int_equal(f->propose.type, ACTION_KILL_TREE);
	assert_int_equal(f->propose.signal, SIGKILL);
	assert_int_equal(f->note.counter, 1);
	assert_int_equal(f->note.action, 12);
	/* The alert repeats: the same action stands for it. */
	propose(f, 2);
	assert_int_equal(f->proposed, 1);
	assert_int_equal(f->notes, 2);
	assert_int_equal(f->note.counter, 2);
	assert_int_equal(f->note.action, 12);
	proposals_link_cleared(&f->proposals, 1, "condition cleared");
	run(f, 30);
	assert_int_equal(f->withdrawn, 0);
	proposals_link_cleared(&f->proposals, 2, "condition cleared");
	run(f, 30);
	assert_int_equal(f->withdrawn, 1);
}

static void an_action_that_is_over_makes_room_for_another(void **state)
{
	struct fixture *f = *state;
	struct action_state over = {.action = 12, .status = STATUS_REJECTED};
	const struct text none = text_of("");

	open_both(f);
	f->next_action = 12;
	propose(f, 1);
	over.proposal = f->propose.proposal;
	assert_int_equal(link_send(f->enforcerd, FRAME_ACTION_STATE, &over, &none), 0);
	run(f, 30);
	propose(f, 2);
	assert_int_equal(f->proposed, 2);
}

static void a_refusal_says_why(void **state)
{
	struct fixture *f = *state;

	open_both(f);
	propose(f, 1);
	assert_int_equal(f->note.action, 0);
	assert_string_equal(f->why, "protected");
	propose(f, 2);
	assert_int_equal(f->proposed, 2);
}

static void without_enforcer_or_culprit_the_note_says_so(void **state)
{
	struct fixture *f = *state;
	struct engine_alert alert = make_alert(2);

	open_end(f, &APID, &f->apid);
	assert_int_equal(feed_link_open(&f->feed), 0);
	assert_int_equal(proposals_link_open(&f->proposals), 0);
	run(f, 100);
	propose(f, 1);
	assert_string_equal(f->why, "enforcer is not reachable");
	alert.actionable = false;
	proposals_link_alert(&f->proposals, &alert);
	run(f, 30);
	assert_string_equal(f->why, "the culprit has exited");
	alert.frame.culprit.tgid = 0;
	proposals_link_alert(&f->proposals, &alert);
	run(f, 30);
	assert_string_equal(f->why, "nobody stands out");
	assert_int_equal(f->notes, 3);
}

static void mute(struct fixture *f, const char *what, uint64_t until)
{
	const struct mute payload = {.until_wall_ns = until, .kind = MUTE_RULE};

	assert_int_equal(link_send(f->enforcerd, FRAME_MUTE, &payload,
				 (struct text[]){text_of(what), text_of("alice")}),
		0);
	run(f, 50);
}

static void use_rules(struct fixture *f, const char *yaml)
{
	_cleanup_(problems_done) struct problems problems = PROBLEMS_INIT;
	struct ruleset *ruleset;

	assert_int_equal(ruleset_parse(yaml, strlen(yaml), "rules", &problems, &ruleset), 0);
	assert_int_equal(engine_set_rules(f->engine, ruleset), 0);
	events_link_want(&f->events);
}

static void use_rule(struct fixture *f)
{
	use_rules(f, "- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2}\n");
	feed_link_rules(&f->feed, "");
}

static void a_mute_is_passed_on_with_its_rule_and_to_a_new_apid(void **state)
{
	struct fixture *f = *state;

	use_rule(f);
	open_both(f);
	mute(f, "storm", 99);
	assert_int_equal(f->mutes, 1);
	assert_int_equal(f->mute.until_wall_ns, 99);
	assert_int_equal(f->mute.kind, MUTE_RULE);
	assert_string_equal(f->muted, "storm");
	assert_string_equal(f->muted_by, "alice");
	assert_int_equal(f->muted_until, 99);
	f->breaks_at = 1;
	tell(f, 1);
	run(f, 400);
	assert_int_equal(f->mutes, 2);
	assert_int_equal(f->mute.until_wall_ns, 99);
	mute(f, "storm", 0);
	assert_int_equal(f->mutes, 3);
	assert_int_equal(f->mute.until_wall_ns, 0);
	assert_int_equal(f->muted_until, 0);
}

/* What ended while enforcerd was away is over; what stands it tells again. */
static void an_enforcerd_that_comes_back_says_what_stands(void **state)
{
	struct fixture *f = *state;

	use_rule(f);
	open_both(f);
	mute(f, "storm", 99);
	mute(f, "other", 99);
	link_free(f->enforcerd);
	run(f, 50);
	assert_int_equal(f->mutes, 2);
	assert_int_equal(f->muted_until, 99);
	open_end(f, &ENFORCERD, &f->enforcerd);
	run(f, 600);
	assert_int_equal(f->mutes, 4);
	assert_int_equal(f->mute.until_wall_ns, 0);
	assert_int_equal(f->muted_until, 0);
	mute(f, "other", 99);
	assert_int_equal(mutes_until(engine_mutes(f->engine), MUTE_RULE, text_of("other"), 1), 99);
	assert_int_equal(mutes_until(engine_mutes(f->engine), MUTE_RULE, text_of("storm"), 1), 0);
}

/* The socket belongs to a group that only an installed suite has. */
static void skip_without_group(void)
{
	gid_t gid;

	if (geteuid() != 0 || account_group("linnix-events", &gid) < 0)
		skip();
}

#define COUNTS "- {name: c, detector: connection_count, threshold: 9, duration: 1}\n"
#define OTHERS "- {name: r, detector: connect_rate, threshold: 9, duration: 1}\n"

static void open_connections_are_asked_for_while_a_rule_needs_them(void **state)
{
	struct fixture *f = *state;

	skip_without_group();
	use_rules(f, OTHERS);
	assert_int_equal(events_link_open(&f->events), 0);
	open_end(f, &COLLECTORD, &f->collectord);
	run(f, 100);
	assert_int_equal(f->wants, 1);
	assert_int_equal(f->want.connections, 0);
	use_rules(f, OTHERS COUNTS);
	run(f, 50);
	assert_int_equal(f->wants, 2);
	assert_int_equal(f->want.connections, 1);
	/* Nothing new: nothing is said. */
	use_rules(f, COUNTS);
	run(f, 50);
	assert_int_equal(f->wants, 2);
	use_rules(f, "");
	run(f, 50);
	assert_int_equal(f->wants, 3);
	assert_int_equal(f->want.connections, 0);
}

static void a_collectord_that_comes_back_is_told_again(void **state)
{
	struct fixture *f = *state;

	skip_without_group();
	use_rules(f, COUNTS);
	assert_int_equal(events_link_open(&f->events), 0);
	open_end(f, &COLLECTORD, &f->collectord);
	run(f, 100);
	assert_int_equal(f->want.connections, 1);
	link_free(TAKE_PTR(f->collectord));
	f->want = (struct want){0};
	run(f, 50);
	open_end(f, &COLLECTORD, &f->collectord);
	run(f, 400);
	assert_int_equal(f->wants, 2);
	assert_int_equal(f->want.connections, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(alerts_come_again_in_order_until_they_are_acknowledged),
		TEST(states_are_told_to_an_apid_that_comes_late),
		TEST(what_apid_holds_is_resumed_once_a_connection),
		TEST(an_endless_list_of_apids_ends_the_connection),
		TEST(the_verdict_becomes_a_note_and_the_end_a_withdrawal),
		TEST(an_action_that_is_over_makes_room_for_another),
		TEST(a_refusal_says_why),
		TEST(without_enforcer_or_culprit_the_note_says_so),
		TEST(a_mute_is_passed_on_with_its_rule_and_to_a_new_apid),
		TEST(an_enforcerd_that_comes_back_says_what_stands),
		TEST(open_connections_are_asked_for_while_a_rule_needs_them),
		TEST(a_collectord_that_comes_back_is_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
