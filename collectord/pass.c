/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/pass.h"

#include <errno.h>
#include <inttypes.h>

#include "collectord/decode.h"
#include "collectord/redact.h"
#include "common/clock.h"
#include "common/log.h"

#define READ_BYTES  32768 /* the kernel gives no more at once */
#define SHOWN_BYTES (RECORD_ARGS_MAX + RECORD_ARGS_MAX / 2)

enum state { IDLE, READING, CATCHING_UP };

struct pass {
	struct pass_def def;
	struct loop_event *timer;
	enum state state;
	bool texts; /* with file names and command lines */
	uint32_t number, sent;
	uint64_t begun_ns, read_ns;
	int iterator_fd;
	size_t used, at; /* bytes [at, used) of buffer are still to be sent */
	uint64_t buffer[READ_BYTES / sizeof(uint64_t)];
};

static void finish(struct pass *pass)
{
	close_fd(&pass->iterator_fd);
	loop_timer_stop(pass->timer);
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

static int send_sample(struct pass *pass, const void *record, size_t len)
{
	char shown[SHOWN_BYTES];
	struct decoded decoded;
	int r = decode_record(record, len, pass->def.page_bytes, &decoded);

	if (r < 0)
		return r;
	decoded.payload.sample.pass = pass->number;
	decoded.payload.sample.args_known =
		pass->texts && read_args(pass, &decoded.payload.process, shown, &decoded.texts[1]);
	if (!decoded.payload.sample.args_known)
		decoded.texts[0].len = 0;
	return pass->def.out->send(
		pass->def.out->ctx, FRAME_SAMPLE, &decoded.payload, decoded.texts);
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

/* Sends what is in the buffer. -ENOBUFS: pass_room() goes on. */
static int send_buffer(struct pass *pass)
{
	while (pass->used - pass->at >= RECORD_SAMPLE_MIN) {
		const char *at = (const char *)pass->buffer + pass->at;
		/* trust: written by the kernel; the decoder checks the length once more */
		size_t len =
			RECORD_SAMPLE_BYTES((size_t)((const struct record_sample *)at)->exe_len);
		int r = len <= pass->used - pass->at ? send_sample(pass, at, len) : -EPROTO;

		if (r < 0)
			return r;
		pass->at += len;
		pass->sent++;
	}
	return 0;
}

static void step(struct pass *pass)
{
	int r = send_buffer(pass);

	if (r == 0)
		r = fill(pass);
	if (r == 1) {
		loop_timer_once(pass->timer, 0);
	} else if (r == 0) {
		close_fd(&pass->iterator_fd);
		pass->state = CATCHING_UP;
		pass->read_ns = clock_boottime_ns();
		ring_resume(pass->def.ring);
	} else if (r != -ENOBUFS) {
		if (r != -ENOTCONN)
			log_warn_r(r, "full pass over the processes given up");
		finish(pass);
	}
}

static void on_timer(void *ctx)
{
	struct pass *pass = ctx;

	if (pass->state == READING)
		step(pass);
}

static void send_end(struct pass *pass)
{
	struct sample_end end = {
		.time_ns = clock_boottime_ns(),
		.pass = pass->number,
		.seen = pass->sent,
		.sent = pass->sent,
	};

	if (pass->def.out->send(pass->def.out->ctx, FRAME_SAMPLE_END, &end, NULL) == -ENOBUFS)
		return; /* pass_room() comes back here */
	log_debug("pass %" PRIu32 ": %" PRIu32 " processes", pass->number, pass->sent);
	finish(pass);
}

int pass_new(struct pass **pass, struct loop *loop, const struct pass_def *def)
{
	struct pass *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return -ENOMEM;
	made->def = *def;
	made->iterator_fd = -1;
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
	close_fd(&pass->iterator_fd);
	loop_event_free(pass->timer);
	free(pass);
}

void pass_freep(struct pass **pass)
{
	pass_free(*pass);
}

int pass_begin(struct pass *pass, bool texts)
{
	struct sample_begin begin = {
		.time_ns = clock_boottime_ns(), .pass = pass->number + 1, .full = 1};
	_cleanup_close_ int fd = -1;
	int r;

	if (pass->state != IDLE)
		return -EBUSY;
	fd = probes_iterate(pass->def.probes);
	if (fd < 0)
		return fd;
	r = pass->def.out->send(pass->def.out->ctx, FRAME_SAMPLE_BEGIN, &begin, NULL);
	if (r < 0)
		return r;
	pass->iterator_fd = TAKE_FD(fd);
	pass->number = begin.pass;
	pass->begun_ns = begin.time_ns;
	pass->texts = texts;
	pass->sent = 0;
	pass->at = pass->used = 0;
	pass->state = READING;
	loop_timer_once(pass->timer, 0);
	return 0;
}

void pass_abort(struct pass *pass)
{
	finish(pass);
}

void pass_room(struct pass *pass)
{
	if (pass->state == READING)
		loop_timer_once(pass->timer, 0);
	else if (pass->state == CATCHING_UP)
		ring_resume(pass->def.ring);
}

void pass_caught_up(struct pass *pass, uint64_t time_ns)
{
	if (pass->state == CATCHING_UP && time_ns > pass->read_ns)
		send_end(pass);
}

uint64_t pass_begun_ns(const struct pass *pass)
{
	return pass->begun_ns;
}
