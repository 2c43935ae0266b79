/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/pass.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "collectord/connections.h"
#include "collectord/crowds.h"
#include "collectord/decode.h"
#include "collectord/redact.h"
#include "collectord/told.h"
#include "common/clock.h"
#include "common/log.h"

#define READ_BYTES  32768 /* the kernel gives no more at once */
#define SHOWN_BYTES (RECORD_ARGS_MAX + RECORD_ARGS_MAX / 2)

enum state { IDLE, COUNTING, READING, CATCHING_UP, ENDING };

struct pass {
	struct pass_def def;
	struct loop_event *timer;
	enum state state;
	enum pass_kind kind;
	uint32_t number, seen, sent;
	uint64_t full_begun_ns, read_ns;
	struct told told;
	struct told_process *missing_at; /* where the search for those without an end goes on */
	struct crowds crowds;
	struct connections connections;
	bool connections_wanted;
	uint64_t connections_cpu_ns;
	int walk_fd;	 /* of the walk over open files, in COUNTING */
	int iterator_fd; /* -1: read to its end */
	size_t used, at; /* bytes [at, used) of buffer are still to be sent */
	uint64_t buffer[READ_BYTES / sizeof(uint64_t)];
};

static void finish(struct pass *pass)
{
	close_fd(&pass->walk_fd);
	close_fd(&pass->iterator_fd);
	loop_timer_stop(pass->timer);
	crowds_reset(&pass->crowds);
	pass->state = IDLE;
}

/* What the process was started with, redacted. False: not known. */
static bool read_args(
	struct pass *pass, const struct process *process, char *shown, struct text *text)
{
	char args[RECORD_ARGS_MAX];
	ssize_t n;

	if (process->kernel_thread || !pass->def.capture_args)
		return true;
	n = cmdline_read(pass->def.cmdline, process->tgid, process->start_ns, args, sizeof(args));
	if (n < 0)
		return false;
	/* trust: any bytes, written by the process itself; secrets end here */
	*text = (struct text){
		shown, redact_args(args, (size_t)n, (size_t)n == sizeof(args), shown, SHOWN_BYTES)};
	return true;
}

static int send_sample(struct pass *pass, const struct decoded *decoded)
{
	struct text texts[2] = {decoded->texts[0], {NULL, 0}};
	struct sample sample = decoded->payload.sample;
	enum told_news news;
	char shown[SHOWN_BYTES];
	int r;

	sample.connections = connections_of(
		&pass->connections, sample.process.tgid, sample.process.start_ns);
	news = told_see(&pass->told, &sample, pass->number);
	if (news == TOLD_GONE || (news == TOLD_SAME && pass->kind == PASS_CHANGES))
		return 0;
	sample.pass = pass->number;
	sample.args_known = pass->kind == PASS_FULL_WITH_TEXTS &&
			    read_args(pass, &sample.process, shown, &texts[1]);
	if (!sample.args_known)
		texts[0].len = 0;
	r = pass->def.out->send(pass->def.out->ctx, FRAME_SAMPLE, &sample, texts);
	if (r < 0)
		return r;
	told_sent(&pass->told, &sample);
	pass->sent++;
	return 0;
}

/* What the iterator gave: told, or kept until all threads have come. */
static int take(struct pass *pass, const void *record, size_t len)
{
	struct decoded decoded;
	int r = decode_record(record, len, pass->def.page_bytes, &decoded);

	if (r < 0)
		return r;
	if ((decoded.type == DECODED_THREAD || decoded.apart) &&
		(crowds_add(&pass->crowds, &decoded) || decoded.type == DECODED_THREAD))
		r = 0;
	else
		r = send_sample(pass, &decoded);
	pass->seen += r == 0 && decoded.type != DECODED_THREAD;
	return r;
}

/* 1: something is in the buffer; 0: the iterator is at its end; -errno. */
static int fill(struct pass *pass)
{
	ssize_t n = read(pass->iterator_fd, pass->buffer, sizeof(pass->buffer));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	pass->at = 0;
	pass->used = (size_t)n;
	return n > 0;
}

/* Takes what is in the buffer. -ENOBUFS: pass_room() goes on. */
static int take_buffer(struct pass *pass)
{
	while (pass->at < pass->used) {
		const char *at = (const char *)pass->buffer + pass->at;
		/* trust: written by the kernel; the decoder checks the length once more */
		long len = decode_length(at, pass->used - pass->at);
		int r = len > 0 ? take(pass, at, (size_t)len) : -EPROTO;

		if (r < 0)
			return r;
		pass->at += (size_t)len;
	}
	return 0;
}

static int send_crowds(struct pass *pass)
{
	const struct decoded *decoded;

	while ((decoded = crowds_next(&pass->crowds))) {
		int r = send_sample(pass, decoded);

		if (r < 0)
			return r;
		crowds_drop(&pass->crowds);
	}
	return 0;
}

/* 1: there may be more; 0: all is told; -ENOBUFS, -errno. */
static int go_on(struct pass *pass)
{
	int r = take_buffer(pass);

	if (r < 0)
		return r;
	if (pass->iterator_fd < 0)
		return send_crowds(pass);
	r = fill(pass);
	if (r == 0)
		close_fd(&pass->iterator_fd);
	if (r < 0)
		return r;
	/* At once: what ends from now on comes as an event after this. */
	r = take_buffer(pass);
	return r < 0 ? r : 1;
}

static void step(struct pass *pass)
{
	int r = go_on(pass);

	if (r == 1) {
		loop_timer_once(pass->timer, 0);
	} else if (r == 0) {
		pass->state = CATCHING_UP;
		pass->read_ns = clock_boottime_ns();
		ring_resume(pass->def.ring);
	} else if (r != -ENOBUFS) {
		if (r != -ENOTCONN)
			log_warn_r(r, "pass over the processes given up");
		finish(pass);
	}
}

/* 1: there may be more; 0: all files have been looked at; -errno. */
static int count_some(struct pass *pass)
{
	ssize_t n = read(pass->walk_fd, pass->buffer, sizeof(pass->buffer));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	if (n == 0)
		return 0;
	return connections_take(&pass->connections, pass->buffer, (size_t)n) < 0 ? -EPROTO : 1;
}

/* What could not be counted is no reason to leave the processes out. */
static void count_step(struct pass *pass)
{
	uint64_t began = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int r = count_some(pass);

	pass->connections_cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began;
	loop_timer_once(pass->timer, 0);
	if (r > 0)
		return;
	if (r < 0)
		log_warn_limited("open connections cannot be counted: %s", strerror(-r));
	close_fd(&pass->walk_fd);
	pass->state = READING;
}

static void on_timer(void *ctx)
{
	struct pass *pass = ctx;

	if (pass->state == COUNTING)
		count_step(pass);
	else if (pass->state == READING)
		step(pass);
}

/* Those that are gone, though no end of theirs was seen. */
static int send_inferred(struct pass *pass, uint64_t now)
{
	struct told_process *before = pass->missing_at, *missing;

	while ((missing = told_missing(&pass->missing_at, pass->number))) {
		struct exit_inferred gone = told_inferred(missing, now);
		int r = pass->def.out->send(pass->def.out->ctx, FRAME_EXIT_INFERRED, &gone, NULL);

		if (r < 0) {
			pass->missing_at = before;
			return r;
		}
		told_exit(&pass->told, gone.tgid, gone.start_ns, false);
		before = pass->missing_at;
	}
	return 0;
}

static void send_end(struct pass *pass)
{
	struct sample_end end = {
		.time_ns = clock_boottime_ns(),
		.pass = pass->number,
		.seen = pass->seen,
		.sent = pass->sent,
	};

	if (send_inferred(pass, end.time_ns) == -ENOBUFS ||
		pass->def.out->send(pass->def.out->ctx, FRAME_SAMPLE_END, &end, NULL) == -ENOBUFS)
		return; /* pass_room() comes back here */
	log_debug("pass %" PRIu32 ": %" PRIu32 " of %" PRIu32 " processes told", pass->number,
		pass->sent, pass->seen);
	if (pass->told.refused + pass->crowds.refused + pass->connections.refused > 0)
		log_warn_limited("more processes than can be kept in mind: %" PRIu64 " times",
			pass->told.refused + pass->crowds.refused + pass->connections.refused);
	told_sweep(&pass->told);
	finish(pass);
}

int pass_new(struct pass **pass, struct loop *loop, const struct pass_def *def)
{
	struct pass *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return -ENOMEM;
	made->def = *def;
	made->iterator_fd = made->walk_fd = -1;
	made->connections = (struct connections)CONNECTIONS_INIT;
	told_init(&made->told, TOLD_MAX);
	r = loop_timer_new(loop, on_timer, made, &made->timer);
	if (r < 0) {
		free(made);
		return r;
	}
	*pass = made;
	return 0;
}

void pass_free(struct pass *pass)
{
	if (!pass)
		return;
	close_fd(&pass->walk_fd);
	close_fd(&pass->iterator_fd);
	connections_reset(&pass->connections);
	loop_event_free(pass->timer);
	told_done(&pass->told);
	crowds_done(&pass->crowds);
	free(pass);
}

void pass_freep(struct pass **pass)
{
	pass_free(*pass);
}

/* Numbers of an earlier walk are not told again, whether or not there is another one. */
static void begin_count(struct pass *pass)
{
	int fd = -EOPNOTSUPP;

	connections_reset(&pass->connections);
	pass->state = READING;
	if (pass->connections_wanted)
		fd = probes_walk_connections(pass->def.probes);
	if (fd >= 0) {
		pass->walk_fd = fd;
		pass->state = COUNTING;
	} else if (fd != -EOPNOTSUPP) {
		log_warn_limited("open connections cannot be counted: %s", strerror(-fd));
	}
}

int pass_begin(struct pass *pass, enum pass_kind kind)
{
	struct sample_begin begin = {.time_ns = clock_boottime_ns(),
		.pass = pass->number + 1,
		.full = kind != PASS_CHANGES};
	_cleanup_close_ int fd = -1;
	int r;

	if (pass->state != IDLE)
		return -EBUSY;
	fd = probes_iterate(pass->def.probes, kind == PASS_FULL_WITH_TEXTS);
	if (fd < 0)
		return fd;
	r = pass->def.out->send(pass->def.out->ctx, FRAME_SAMPLE_BEGIN, &begin, NULL);
	if (r < 0)
		return r;
	pass->iterator_fd = TAKE_FD(fd);
	pass->number = begin.pass;
	if (kind != PASS_CHANGES)
		pass->full_begun_ns = begin.time_ns;
	pass->kind = kind;
	pass->seen = pass->sent = 0;
	pass->at = pass->used = 0;
	begin_count(pass);
	loop_timer_once(pass->timer, 0);
	return 0;
}

void pass_abort(struct pass *pass)
{
	finish(pass);
	told_reset(&pass->told);
}

void pass_room(struct pass *pass)
{
	if (pass->state == READING)
		loop_timer_once(pass->timer, 0);
	else if (pass->state == CATCHING_UP)
		ring_resume(pass->def.ring);
	else if (pass->state == ENDING)
		send_end(pass);
}

void pass_caught_up(struct pass *pass, uint64_t time_ns)
{
	if (pass->state != CATCHING_UP || time_ns <= pass->read_ns)
		return;
	pass->state = ENDING;
	pass->missing_at = pass->told.first;
	send_end(pass);
}

void pass_exited(struct pass *pass, uint32_t tgid, uint64_t start_ns)
{
	told_exit(&pass->told, tgid, start_ns, pass->state != IDLE);
}

uint64_t pass_full_begun_ns(const struct pass *pass)
{
	return pass->full_begun_ns;
}

void pass_want_connections(struct pass *pass, bool wanted)
{
	pass->connections_wanted = wanted;
}

uint64_t pass_connections_cpu_ns(const struct pass *pass)
{
	return pass->connections_cpu_ns;
}
