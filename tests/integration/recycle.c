/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * recycle ROUNDS: plays ruled, apid and root's curl against a running enforcerd. Each round proposes an action on a
 * process, ends it, gives its pid to a newcomer (clone3 with set_tid) around the moment of approval, and checks that the
 * newcomer is never signalled. Prints TAP. Needs root and LINNIX_RUN_DIR.
 */
#include <errno.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/account.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/link.h"
#include "common/link_socket.h"
#include "common/loop.h"

#define STEP_MS 5000

struct player {
	struct loop *loop;
	struct link *proposals, *decisions;
	struct loop_event *deadline;
	bool timed_out;
	uint64_t number; /* of the last proposal, connection and request */
	uint64_t action; /* of the last verdict */
	bool up, verdict, proof, admitted, decided;
	unsigned result;
	unsigned approved, refused;
};

static void stop(void *ctx)
{
	struct player *player = ctx;

	player->timed_out = true;
	loop_stop(player->loop);
}

static int on_verdict(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct verdict *verdict = frame->payload;
	struct player *player = ctx;
	char why[256];

	(void)link, (void)fd;
	if (verdict->proposal != player->number)
		return 0;
	player->verdict = true;
	player->action = verdict->action;
	if (!verdict->action)
		printf("# refused: %s\n", text_copy(frame_text(frame, 0), why, sizeof(why)));
	loop_stop(player->loop);
	return 0;
}

static int on_proof(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct proof *proof = frame->payload;
	struct player *player = ctx;

	(void)link, (void)fd;
	player->proof = true;
	player->admitted = proof->admitted;
	loop_stop(player->loop);
	return 0;
}

static int on_decided(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct decided *decided = frame->payload;
	struct player *player = ctx;

	(void)link, (void)fd;
	player->decided = true;
	player->result = decided->result;
	loop_stop(player->loop);
	return 0;
}

static int ignore(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link, (void)frame, (void)fd, (void)ctx;
	return 0;
}

static void on_up(struct link *link, const struct hello *hello, void *ctx)
{
	struct player *player = ctx;

	(void)link, (void)hello;
	player->up = true;
	loop_stop(player->loop);
}

static const struct link_handlers from_proposals[] = {{FRAME_VERDICT, on_verdict}, {FRAME_ACTION_STATE, ignore}};
static const struct link_handlers from_decisions[] = {
	{FRAME_PROOF, on_proof}, {FRAME_DECIDED, on_decided}, {FRAME_ENFORCER, ignore}, {FRAME_ACTION, ignore},
	{FRAME_ACTION_GATE, ignore}, {FRAME_ACTION_MEMBER, ignore}, {FRAME_ACTION_PROOF, ignore},
	{FRAME_ACTIONS_END, ignore}, {FRAME_SELF, ignore}};

static const struct link_def proposals_def = {.name = "proposals", .socket = "enforcerd/proposals.sock",
	.self = ROLE_RULED, .peer = ROLE_ENFORCERD, .in = WAY_PROPOSALS_DOWN, .out = WAY_PROPOSALS_UP,
	.queue_bytes_max = 1 << 16, .handlers = from_proposals, .handler_count = ARRAY_LEN(from_proposals), .on_up = on_up};
static const struct link_def decisions_def = {.name = "decisions", .socket = "enforcerd/decisions.sock",
	.self = ROLE_APID, .peer = ROLE_ENFORCERD, .in = WAY_DECISIONS_DOWN, .out = WAY_DECISIONS_UP,
	.queue_bytes_max = 1 << 16, .handlers = from_decisions, .handler_count = ARRAY_LEN(from_decisions), .on_up = on_up};

/* Runs the loop until @flag is set; false if it takes too long. */
static bool run_until(struct player *player, const bool *flag)
{
	player->timed_out = false;
	loop_timer_once(player->deadline, STEP_MS);
	while (!*flag && !player->timed_out)
		if (loop_run(player->loop) < 0)
			return false;
	loop_timer_stop(player->deadline);
	return *flag;
}

/* Connects as the user that enforcerd expects: the kernel notes who called connect(). */
static int open_as(struct player *player, const char *user, const struct link_def *def, struct link **link)
{
	struct account account, enforcerd;
	int r = account_find(user, &account);

	if (r == 0)
		r = account_find("linnix-enforcerd", &enforcerd);
	if (r == 0)
		r = link_new(player->loop, def, enforcerd.uid, player, link);
	if (r < 0)
		return r;
	player->up = false;
	if (setgroups(account.group_count, account.groups) < 0 || seteuid(account.uid) < 0)
		return -errno;
	r = link_open(*link);
	if (seteuid(0) < 0 || setgroups(0, NULL) < 0)
		return -errno;
	return r < 0 ? r : run_until(player, &player->up) ? 0 : -ETIMEDOUT;
}

static pid_t sleeper(pid_t wanted)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	pid_t set[1] = {wanted}, pid;

	if (wanted > 0) {
		arguments.set_tid = (uint64_t)(uintptr_t)set;
		arguments.set_tid_size = 1;
	}
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static bool propose(struct player *player, pid_t pid)
{
	struct propose propose = {.proposal = ++player->number, .tgid = (uint32_t)pid, .type = ACTION_KILL_PROCESS,
		.signal = SIGKILL, .evidence_complete = 1};
	struct text texts[3] = {text_of("recycle"), text_of("1-1"), text_of("test of recycled pids")};
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	close(fd);
	propose.ino = st.st_ino;
	propose.start_ns = clock_boottime_ns();
	player->verdict = false;
	return link_send(player->proposals, FRAME_PROPOSE, &propose, texts) == 0 &&
	       run_until(player, &player->verdict) && player->action > 0;
}

/* A connection to the API's Unix socket, accepted as apid would; its peer is this process, euid 0. */
static int connect_api(int *client, int *accepted)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static int listener = -1;

	api_socket_path(API_SOCKET_DEFAULT, address.sun_path, sizeof(address.sun_path));
	if (listener < 0) {
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1) < 0)
			return -errno;
	}
	*client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(*client, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return *accepted < 0 ? -errno : 0;
}

/* Root's request there. */
static bool claim(struct player *player, int *client)
{
	struct claim claim = {.connection = player->number};
	char request[160];
	int pair[2] = {-1, -1}, len;

	if (connect_api(&pair[0], &pair[1]) < 0)
		return false;
	len = snprintf(request, sizeof(request),
		"POST /actions/action-%llu/approve HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
		(unsigned long long)player->action);
	player->proof = player->admitted = false;
	if (write(pair[0], request, (size_t)len) != len ||
		link_send_fd(player->decisions, FRAME_CLAIM, &claim, NULL, pair[1]) < 0)
		return false;
	close(pair[1]);
	*client = pair[0];
	return run_until(player, &player->proof) && player->admitted;
}

static bool decide(struct player *player)
{
	struct decide decide = {.request = player->number, .connection = player->number};
	struct text texts[3] = {text_of("sre-alice"), text_of(""), text_of("")};

	player->decided = false;
	return link_send(player->decisions, FRAME_DECIDE, &decide, texts) == 0;
}

/* One round; the pid changes hands before the decision is sent, or right after (@late). */
static bool round_is_safe(struct player *player, bool late)
{
	pid_t victim = sleeper(0), newcomer;
	int client = -1;
	bool safe;

	if (victim < 0 || !propose(player, victim) || !claim(player, &client))
		return false;
	if (late && !decide(player))
		return false;
	if (late)
		link_flush(player->decisions);
	end(victim);
	newcomer = sleeper(victim);
	if (newcomer != victim) {
		printf("# pid %d was not given again: %s\n", victim, strerror(errno));
		return false;
	}
	if (!late && !decide(player))
		return false;
	if (!run_until(player, &player->decided))
		return false;
	*(player->result == DECISION_OK ? &player->approved : &player->refused) += 1;
	safe = waitpid(newcomer, NULL, WNOHANG) == 0;
	if (late) { /* an approved action may still be waiting for its audit line */
		usleep(10000);
		safe = safe && waitpid(newcomer, NULL, WNOHANG) == 0;
	}
	end(newcomer);
	close(client);
	return safe;
}

int main(int argc, char **argv)
{
	struct player player = {0};
	int rounds = argc > 1 ? atoi(argv[1]) : 100, safe = 0, r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	r = boot_read();
	if (r == 0)
		r = loop_new(&player.loop);
	if (r == 0)
		r = loop_timer_new(player.loop, stop, &player, &player.deadline);
	if (r == 0)
		r = open_as(&player, "linnix-ruled", &proposals_def, &player.proposals);
	if (r == 0)
		r = open_as(&player, "linnix-apid", &decisions_def, &player.decisions);
	if (r < 0) {
		printf("not ok 1 - connects as ruled and as apid: %s\n", strerror(-r));
		return 1;
	}
	for (int i = 0; i < rounds; i++) {
		if (!round_is_safe(&player, i % 2))
			break;
		safe++;
	}
	printf("# %u approvals came in time, %u were refused\n", player.approved, player.refused);
	printf("%s 1 - a newcomer with a recycled pid is never signalled (%d of %d rounds)\n",
		safe == rounds ? "ok" : "not ok", safe, rounds);
	link_free(player.proposals);
	link_free(player.decisions);
	loop_event_free(player.deadline);
	loop_free(player.loop);
	return safe == rounds ? 0 : 1;
}
