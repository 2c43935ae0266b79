/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Stands in for ruled or enforcerd at the other end of apid's links: sends the frames that lines on
 * stdin name, prints a line for each frame that comes. Ends with stdin.
 *
 *     apid_peer ruled|enforcerd
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/account.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/link.h"
#include "common/log.h"
#include "tests/integration/apid/peer.h"

#define WORDS_MAX 16

static struct loop *loop;
static struct link *peer;

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void send_frame(unsigned type, const void *payload, const struct text *texts)
{
	int r = link_send(peer, type, payload, texts);

	if (r < 0)
		say("failed %s %s", frame_name(type), strerror(-r));
}

uint64_t number(char **words, unsigned index)
{
	return words[index] ? strtoull(words[index], NULL, 10) : 0;
}

struct text word(char **words, unsigned index)
{
	return text_of(words[index] ? words[index] : "");
}

/* self ROLE PID */
static void cmd_self(char **words)
{
	const struct self self = {
		.role = (uint16_t)number(words, 1),
		.pid = (uint32_t)number(words, 2),
		.uid = 990,
		.seccomp = 2,
		.cap_effective = number(words, 1) == ROLE_ENFORCERD ? 1 << 5 : 0,
		.cpu_ns = 1000000,
		.pss_bytes = 1 << 20,
	};

	send_frame(FRAME_SELF, &self, NULL);
}

/* host NAME KERNEL */
static void cmd_host(char **words)
{
	const struct host host = {.cpus = 2, .page_bytes = 4096};

	send_frame(FRAME_HOST, &host, (struct text[]){word(words, 1), word(words, 2)});
}

/* probe NAME [WHY] */
static void cmd_probe(char **words)
{
	const struct probe probe = {.attached = !words[2]};

	send_frame(FRAME_PROBE, &probe, (struct text[]){word(words, 1), word(words, 2)});
}

/* program NAME RUNS NS */
static void cmd_program(char **words)
{
	const struct program program = {.runs = number(words, 2), .nanoseconds = number(words, 3)};

	send_frame(FRAME_PROGRAM, &program, (struct text[]){word(words, 1)});
}

/* counters GENERATED DELIVERED DROPPED */
static void cmd_counters(char **words)
{
	const struct counters counters = {
		.generated = {number(words, 1)},
		.delivered = number(words, 2),
		.dropped_ring = number(words, 3),
	};

	send_frame(FRAME_COUNTERS, &counters, NULL);
}

/* rules GENERATION COUNT SUCCESS [ERROR] */
static void cmd_rules(char **words)
{
	const struct rules rules = {
		.generation = number(words, 1),
		.loaded = (uint32_t)number(words, 2),
		.reload_success = (uint16_t)number(words, 3),
	};

	send_frame(FRAME_RULES, &rules, (struct text[]){word(words, 4)});
}

/* rule GENERATION INDEX NAME [MUTED_UNTIL] */
static void cmd_rule(char **words)
{
	const struct rule rule = {
		.generation = number(words, 1),
		.index = (uint32_t)number(words, 2),
		.threshold = 10,
		.duration_secs = 2,
		.cooldown_secs = 60,
		.severity = SEVERITY_HIGH,
		.scope = SCOPE_TREE,
		.proposes = ACTION_KILL_TREE,
		.muted_until_wall_ns = number(words, 4) * NSEC_PER_SEC,
	};

	send_frame(FRAME_RULE, &rule, (struct text[]){word(words, 3), text_of("forks_per_sec")});
}

/* detection SYNCED [MUTED OPEN CPU MEMORY IO] */
static void cmd_detection(char **words)
{
	const struct detection detection = {
		.processes = 42,
		.synced = (uint16_t)number(words, 1),
		.muted = number(words, 2),
		.incidents_open = (uint32_t)number(words, 3),
		.breaker = {(uint16_t)number(words, 4), (uint16_t)number(words, 5),
			(uint16_t)number(words, 6)},
	};

	send_frame(FRAME_DETECTION, &detection, NULL);
}

/* mute KIND WHAT BY UNTIL */
static void cmd_mute(char **words)
{
	const struct mute mute = {
		.kind = (uint16_t)number(words, 1),
		.until_wall_ns = number(words, 4) * NSEC_PER_SEC,
	};

	send_frame(FRAME_MUTE, &mute, (struct text[]){word(words, 2), word(words, 3)});
}

/* alert EPOCH COUNTER RULE SEVERITY PID [INCIDENT] */
static void cmd_alert(char **words)
{
	/* A millisecond apart: times are told in microseconds, and no two may look the same. */
	uint64_t wall_ns = clock_wall_ns() + number(words, 2) * NSEC_PER_MSEC;
	struct alert alert = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.time_ns = clock_boottime_ns(),
		.wall_ns = wall_ns,
		.since_wall_ns = wall_ns - 2 * NSEC_PER_SEC,
		.value = 15.5,
		.threshold = 10,
		.culprit = {.tgid = (uint32_t)number(words, 5),
			.uid = 0,
			.comm = "stress\\ng",
			.start_ns = NSEC_PER_SEC},
		.root_tgid = (uint32_t)number(words, 5),
		.severity = (uint16_t)number(words, 4),
		.scope = SCOPE_TREE,
		.evidence_complete = 1,
	};
	struct text texts[ALERT_TEXTS] = {
		[ALERT_RULE] = word(words, 3),
		[ALERT_MESSAGE] = text_of("forks \x01 a lot"),
		[ALERT_EXE] = text_of("/usr/bin/stress"),
		[ALERT_ARGS] = text_of("stress --vm \xff"),
		[ALERT_CGROUP] = text_of("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
					 "pod8dbc1a8e_2b17_4ab1_a8d9_6c0e50a6b0a1.slice/cri-containerd-"
					 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"),
		[ALERT_INCIDENT] = word(words, 6),
		[ALERT_HOST] = text_of("box"),
	};

	send_frame(FRAME_ALERT, &alert, texts);
}

/* note EPOCH COUNTER ACTION [WHY] */
static void cmd_note(char **words)
{
	const struct alert_note note = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.action = number(words, 3),
	};

	send_frame(FRAME_ALERT_NOTE, &note, (struct text[]){word(words, 4)});
}

/* enforcer AUDIT_OK PEERS_OK HOLD_SINCE [WHO] */
static void cmd_enforcer(char **words)
{
	const struct enforcer enforcer = {
		.audit_ok = (uint16_t)number(words, 1),
		.peers_ok = (uint16_t)number(words, 2),
		.hold_since_wall_ns = number(words, 3) * NSEC_PER_SEC,
		.budget = 10,
		.budget_left = 10,
		.approvers_required = 1,
	};

	send_frame(FRAME_ENFORCER, &enforcer, (struct text[]){word(words, 4), text_of("")});
}

static void send_parts(const struct action *action)
{
	for (uint16_t i = 0; i < action->gates; i++)
		send_frame(FRAME_ACTION_GATE,
			&(struct action_gate){.action = action->action, .index = i, .pass = 1},
			(struct text[]){text_of("kernel-thread"), text_of("")});
	for (uint16_t i = 0; i < action->members; i++)
		send_frame(FRAME_ACTION_MEMBER,
			&(struct action_member){
				.action = action->action, .index = i, .pid = 100U + i, .ppid = 1},
			(struct text[]){text_of("child"), text_of("child -x")});
	for (uint16_t i = 0; i < action->proofs; i++)
		send_frame(FRAME_ACTION_PROOF,
			&(struct action_proof){
				.action = action->action, .index = i, .kind = PEER_TCP},
			(struct text[]){text_of("sre"), text_of("root")});
}

/* action ID VERSION STATUS GATES MEMBERS PROOFS [INCIDENT] */
static void cmd_action(char **words)
{
	const struct action action = {
		.action = number(words, 1),
		.version = number(words, 2),
		.start_ns = NSEC_PER_SEC,
		.created_wall_ns = clock_wall_ns(),
		.expires_wall_ns = clock_wall_ns() + 300 * NSEC_PER_SEC,
		.pid = 31337,
		.type = ACTION_KILL_TREE,
		.signal = SIGTERM,
		.status = (uint16_t)number(words, 3),
		.identity_strong = 1,
		.gates = (uint16_t)number(words, 4),
		.members = (uint16_t)number(words, 5),
		.proofs = (uint16_t)number(words, 6),
		.tree_size = 7,
	};
	struct text texts[ACTION_TEXTS] = {
		[ACTION_REASON] = text_of("15 forks a second"),
		[ACTION_RULE] = text_of("fork_storm"),
		[ACTION_INCIDENT] = word(words, 7),
		[ACTION_COMM] = text_of("bash"),
		[ACTION_USER] = text_of("alice"),
	};

	send_frame(FRAME_ACTION, &action, texts);
	send_parts(&action);
}

/* end COUNT */
static void cmd_end(char **words)
{
	send_frame(FRAME_ACTIONS_END, &(struct actions_end){.count = number(words, 1)}, NULL);
}

/* part ACTION: a gate that belongs to nothing */
static void cmd_part(char **words)
{
	send_frame(FRAME_ACTION_GATE, &(struct action_gate){.action = number(words, 1)},
		(struct text[]){text_of("stray"), text_of("")});
}

/* proof CONNECTION KIND UID VERB ACTION ADMITTED USER [WHY] */
static void cmd_proof(char **words)
{
	const struct proof proof = {
		.connection = number(words, 1),
		.kind = (uint16_t)number(words, 2),
		.uid = (uint32_t)number(words, 3),
		.verb = (uint16_t)number(words, 4),
		.action = number(words, 5),
		.admitted = (uint16_t)number(words, 6),
	};

	send_frame(FRAME_PROOF, &proof, (struct text[]){word(words, 7), word(words, 8)});
}

/* decided REQUEST ACTION RESULT [DETAIL] */
static void cmd_decided(char **words)
{
	const struct decided decided = {
		.request = number(words, 1),
		.action = number(words, 2),
		.result = (uint16_t)number(words, 3),
	};

	send_frame(FRAME_DECIDED, &decided, (struct text[]){word(words, 4)});
}

static const struct peer_command commands[] = {
	{"self", cmd_self},
	{"host", cmd_host},
	{"probe", cmd_probe},
	{"program", cmd_program},
	{"counters", cmd_counters},
	{"rules", cmd_rules},
	{"rule", cmd_rule},
	{"detection", cmd_detection},
	{"mute", cmd_mute},
	{"alert", cmd_alert},
	{"note", cmd_note},
	{"enforcer", cmd_enforcer},
	{"action", cmd_action},
	{"end", cmd_end},
	{"part", cmd_part},
	{"proof", cmd_proof},
	{"decided", cmd_decided},
};

static void run_command(const struct peer_command *table, size_t count, char **words)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, words[0]) == 0)
			table[i].run(words);
}

static void run_line(char *line)
{
	char *words[WORDS_MAX + 1] = {0}, *rest;
	unsigned count = 0;

	for (char *w = strtok_r(line, "\t", &rest); w && count < WORDS_MAX;
		w = strtok_r(NULL, "\t", &rest))
		words[count++] = w;
	if (count) {
		run_command(commands, ARRAY_LEN(commands), words);
		run_command(incident_commands, incident_command_count, words);
	}
}

static void on_stdin(void *ctx)
{
	static char buffer[65536];
	static size_t used;
	ssize_t n = read(STDIN_FILENO, buffer + used, sizeof(buffer) - used - 1);
	char *end;

	(void)ctx;
	if (n <= 0) {
		loop_stop(loop);
		return;
	}
	used += (size_t)n;
	buffer[used] = '\0';
	while ((end = strchr(buffer, '\n'))) {
		*end = '\0';
		run_line(buffer);
		used -= (size_t)(end + 1 - buffer);
		memmove(buffer, end + 1, used + 1);
	}
}

static int on_ack(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	(void)ctx;
	say("ack %" PRIu64, ((const struct ack *)frame->payload)->sequence);
	return 0;
}

static int on_claim(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	char head[256];
	ssize_t n = recv(*fd, head, sizeof(head) - 1, MSG_PEEK | MSG_DONTWAIT);

	(void)link;
	(void)ctx;
	head[n > 0 ? n : 0] = '\0';
	head[strcspn(head, "\r\n")] = '\0';
	say("claim %" PRIu64 " %s", ((const struct claim *)frame->payload)->connection, head);
	return 0;
}

static int on_unclaim(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	(void)ctx;
	say("unclaim %" PRIu64, ((const struct unclaim *)frame->payload)->connection);
	return 0;
}

static int on_decide(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct decide *d = frame->payload;
	char approver[256], reason[1024], what[256];

	(void)link;
	(void)fd;
	(void)ctx;
	text_copy(frame_text(frame, 0), approver, sizeof(approver));
	text_copy(frame_text(frame, 1), reason, sizeof(reason));
	text_copy(frame_text(frame, 2), what, sizeof(what));
	if (d->mute_kind == 0)
		say("decide %" PRIu64 " %" PRIu64 " %" PRIu64 " %s|%s", d->request, d->connection,
			d->if_match, approver, reason);
	else
		say("decide %" PRIu64 " %" PRIu64 " %u %s|%s|%s|%u", d->request, d->connection,
			d->mute_kind, approver, reason, what, d->mute_secs);
	return 0;
}

static void on_up(struct link *link, const struct hello *hello, void *ctx)
{
	(void)link;
	(void)hello;
	(void)ctx;
	say("up");
}

static void on_down(struct link *link, void *ctx)
{
	(void)link;
	(void)ctx;
	say("down");
}

static const struct link_handlers feed_handlers[] = {
	{FRAME_ACK, on_ack},
	{FRAME_RESUME, on_resume},
	{FRAME_RESUMED, on_resumed},
};

static const struct link_handlers decisions_handlers[] = {
	{FRAME_CLAIM, on_claim},
	{FRAME_UNCLAIM, on_unclaim},
	{FRAME_DECIDE, on_decide},
};

static const struct link_def feed = {
	.name = "feed",
	.socket = "apid/feed.sock",
	.self = ROLE_RULED,
	.peer = ROLE_APID,
	.in = WAY_FEED_DOWN,
	.out = WAY_FEED_UP,
	.queue_bytes_max = 64 << 20,
	.handlers = feed_handlers,
	.handler_count = ARRAY_LEN(feed_handlers),
	.on_up = on_up,
	.on_down = on_down,
};

static const struct link_def decisions = {
	.name = "decisions",
	.socket = "enforcerd/decisions.sock",
	.group = "linnix-decisions",
	.self = ROLE_ENFORCERD,
	.peer = ROLE_APID,
	.in = WAY_DECISIONS_UP,
	.out = WAY_DECISIONS_DOWN,
	.listens = true,
	.descriptors = true,
	.queue_bytes_max = 1 << 20,
	.handlers = decisions_handlers,
	.handler_count = ARRAY_LEN(decisions_handlers),
	.on_up = on_up,
	.on_down = on_down,
};

int main(int argc, char **argv)
{
	struct account account;
	struct loop_event *input;
	int r;

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	log_setup("apid_peer", LOG_LEVEL_INFO);
	r = boot_read();
	if (r == 0)
		r = account_find("linnix-apid", &account);
	if (r == 0)
		r = loop_new(&loop);
	if (r == 0)
		r = link_new(loop, strcmp(argv[1], "ruled") == 0 ? &feed : &decisions, account.uid,
			NULL, &peer);
	if (r == 0)
		r = link_open(peer);
	if (r == 0)
		r = loop_fd_new(loop, STDIN_FILENO, on_stdin, NULL, NULL, &input);
	if (r == 0)
		r = loop_run(loop);
	if (r < 0)
		log_err_r(r, "%s", argv[1]);
	return r < 0 ? 1 : 0;
}
