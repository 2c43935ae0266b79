/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "collectord/decode.h"
#include "collectord/exits.h"
#include "collectord/pass.h"
#include "collectord/redact.h"
#include "common/clock.h"
#include "common/log.h"

#define PASS_EVERY_NS	    (60 * NSEC_PER_SEC)
#define PASS_AFTER_DROPS_NS (5 * NSEC_PER_SEC)
#define PROGRAMS_EVERY 10 /* ticks */
#define PATIENCE_MS 5000  /* for a listener that starts or restarts; older events would be stale */
#define SHOWN_BYTES (RECORD_ARGS_MAX + RECORD_ARGS_MAX / 2)

enum state {
	WAITING,  /* nobody listens yet or any more: events wait in the ring */
	OFF,      /* nobody has listened for long: events are taken and counted as dropped */
	GREETING, /* the listener is being told what it must know first: events wait in the ring */
	ON,
};

struct stream {
	struct stream_sources sources;
	const struct out *out;
	struct ring *ring;
	struct pass *pass;
	struct loop_event *timer, *patience;
	struct host host;
	struct utsname names;
	enum state state;
	unsigned greeted;	/* how many greetings are done */
	unsigned cgroup_bucket; /* where the names still to be told begin */
	unsigned ticks;
	struct exits exits;
	/* Of events: sent, lost for want of a listener, left out. @unsettled of those sent may not
	 * have left yet. */
	uint64_t delivered, unsettled, dropped_link, filtered;
	uint64_t drops_at_pass, cgroup_drops;
};

static int send_frame(
	struct stream *stream, unsigned type, const void *payload, const struct text *texts)
{
	return stream->out->send(stream->out->ctx, type, payload, texts);
}

static void look_at_host(struct stream *stream)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	stream->host = (struct host){
		.cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.page_bytes = (uint32_t)page_bytes,
		.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * page_bytes,
	};
	(void)uname(&stream->names);
}

static int send_host(struct stream *stream)
{
	struct text texts[2] = {text_of(stream->names.nodename), text_of(stream->names.release)};

	return send_frame(stream, FRAME_HOST, &stream->host, texts);
}

static int send_probes(struct stream *stream)
{
	for (enum program_id i = 0; i < PROGRAM_COUNT; i++) {
		struct probe_status status = probe_status(stream->sources.probes, i);
		struct probe probe = {.attached = status.attached};
		struct text texts[2] = {text_of(status.name), text_of(status.why)};
		int r = send_frame(stream, FRAME_PROBE, &probe, texts);

		if (r < 0)
			return r;
	}
	return 0;
}

static int send_cgroup(const struct cgroup_name *name, void *ctx)
{
	struct cgroup cgroup = {.key = name->key, .removed = name->gone};
	struct text path = {name->path, name->len};

	return send_frame(ctx, FRAME_CGROUP, &cgroup, &path);
}

static int send_cgroups(struct stream *stream)
{
	return cgroups_each(stream->sources.cgroups, &stream->cgroup_bucket, send_cgroup, stream);
}

static int send_tick(struct stream *stream)
{
	uint64_t now = clock_boottime_ns();
	struct tick tick = {.time_ns = now, .wall_offset_ns = (int64_t)(clock_wall_ns() - now)};

	return send_frame(stream, FRAME_TICK, &tick, NULL);
}

static uint64_t sum_drops(const struct cpu_counters *sum)
{
	uint64_t drops = 0;

	for (unsigned i = 0; i < COUNT_KINDS; i++)
		drops += sum->dropped[i];
	return drops;
}

static int begin_pass(struct stream *stream, bool args)
{
	struct cpu_counters sum;
	int r;

	counters_sum(stream->sources.counters, &sum);
	r = pass_begin(stream->pass, args);
	if (r == 0)
		stream->drops_at_pass = sum_drops(&sum);
	if (r == -ENOBUFS || r == -ENOTCONN || r == -EBUSY)
		return r;
	if (r < 0 && r != -EOPNOTSUPP) /* what is not attached has been reported as such */
		log_warn_r(r, "processes cannot be walked");
	return 0;
}

static int send_first_pass(struct stream *stream)
{
	return begin_pass(stream, true);
}

static int (*const greetings[])(struct stream *) = {
	send_host,
	send_probes,
	send_cgroups,
	send_tick,
	send_first_pass,
};

static void greet(struct stream *stream)
{
	for (; stream->greeted < ARRAY_LEN(greetings); stream->greeted++)
		if (greetings[stream->greeted](stream) < 0)
			return; /* stream_room() or stream_down() follows */
	stream->state = ON;
	ring_resume(stream->ring);
}

/* What we remember ourselves, whether or not somebody listens. */
static void remember(struct stream *stream, const struct decoded *decoded)
{
	const struct cgroup *cgroup = &decoded->payload.cgroup;
	const struct process *process = &decoded->payload.process;

	if (decoded->type == FRAME_EXIT)
		exits_note(&stream->exits, process->tgid, process->start_ns);
	else if (decoded->type == FRAME_CGROUP && cgroup->removed)
		cgroups_remove(stream->sources.cgroups, cgroup->key);
	else if (decoded->type == FRAME_CGROUP &&
		 cgroups_put(stream->sources.cgroups, cgroup->key, decoded->texts[0].data,
			 decoded->texts[0].len) < 0)
		log_warn_limited("no room for the name of another cgroup");
}

static int send_event(struct stream *stream, struct decoded *decoded)
{
	char shown[SHOWN_BYTES];

	if (decoded->type == FRAME_EXEC) {
		struct text *args = &decoded->texts[1];
		struct exec *exec = &decoded->payload.exec;

		/* trust: any bytes, written by whoever ran the program; secrets end here */
		args->len = redact_args(
			args->data, args->len, exec->args_truncated, shown, sizeof(shown));
		args->data = shown;
		exec->args_truncated |= args->len == sizeof(shown);
	}
	return send_frame(stream, decoded->type, &decoded->payload, decoded->texts);
}

static bool is_repeated(const struct stream *stream, const struct decoded *decoded)
{
	const struct process *process = &decoded->payload.process;

	return decoded->type == FRAME_EXIT && !probes_exit_is_exact(stream->sources.probes) &&
	       exits_known(&stream->exits, process->tgid, process->start_ns);
}

static int on_record(const void *data, size_t len, void *ctx)
{
	struct stream *stream = ctx;
	struct decoded decoded;
	int r;

	if (stream->state == WAITING || stream->state == GREETING)
		return -ENOBUFS;
	if (decode_record(data, len, stream->host.page_bytes, &decoded) < 0 ||
		is_repeated(stream, &decoded)) {
		stream->filtered++;
		return 0;
	}
	if (decoded.type != FRAME_CGROUP)
		pass_caught_up(stream->pass, decoded.payload.process.time_ns);
	r = stream->state == ON ? send_event(stream, &decoded) : -ENOTCONN;
	if (r == -ENOBUFS)
		return r;
	remember(stream, &decoded);
	if (r < 0) {
		stream->dropped_link++;
		return 0;
	}
	stream->delivered++;
	stream->unsettled++;
	return 0;
}

static void settle(struct stream *stream)
{
	if (stream->out->is_flushed(stream->out->ctx))
		stream->unsettled = 0;
}

static void on_empty(void *ctx)
{
	struct stream *stream = ctx;

	settle(stream);
	pass_caught_up(stream->pass, UINT64_MAX);
}

static void send_counters(struct stream *stream, const struct cpu_counters *sum)
{
	struct counters counters = {
		.delivered = stream->delivered,
		.dropped_ring = sum_drops(sum),
		.dropped_link = stream->dropped_link,
		.filtered = sum->filtered + stream->filtered,
		.ring_used_bytes = ring_used(stream->ring),
		.ring_bytes = stream->sources.config->collector.ring_bytes,
	};

	memcpy(counters.generated, sum->generated, sizeof(counters.generated));
	(void)!send_frame(stream, FRAME_COUNTERS, &counters, NULL);
}

static void send_programs(struct stream *stream, const struct cpu_counters *sum)
{
	for (enum program_id i = 0; i < PROGRAM_COUNT; i++) {
		struct program program = {
			.runs = sum->programs[i].runs,
			.nanoseconds = counters_program_ns(&sum->programs[i]),
		};
		struct text name = text_of(probe_status(stream->sources.probes, i).name);

		(void)!send_frame(stream, FRAME_PROGRAM, &program, &name);
	}
}

/* Events were lost: what they would have told is looked up. */
static void look_again(struct stream *stream, const struct cpu_counters *sum, uint64_t now)
{
	uint64_t since = now - pass_begun_ns(stream->pass);
	bool lost = sum_drops(sum) != stream->drops_at_pass;

	if (sum->dropped[COUNT_CGROUP] != stream->cgroup_drops) {
		stream->cgroup_drops = sum->dropped[COUNT_CGROUP];
		if (hierarchy_walk(stream->sources.hierarchy, stream->sources.cgroups) == 0)
			stream->cgroup_bucket = 0;
	}
	if ((lost && since >= PASS_AFTER_DROPS_NS) || since >= PASS_EVERY_NS)
		(void)!begin_pass(stream, lost);
}

static void on_second(void *ctx)
{
	struct stream *stream = ctx;
	struct cpu_counters sum;

	if (stream->state != ON)
		return;
	settle(stream);
	counters_sum(stream->sources.counters, &sum);
	(void)!send_tick(stream);
	send_counters(stream, &sum);
	(void)!send_frame(stream, FRAME_SELF, selfstat_get(stream->sources.self), NULL);
	if (stream->ticks++ % PROGRAMS_EVERY == 0)
		send_programs(stream, &sum);
	look_again(stream, &sum, clock_boottime_ns());
	(void)!send_cgroups(stream);
}

void stream_up(struct stream *stream)
{
	stream->state = GREETING;
	stream->greeted = stream->cgroup_bucket = stream->ticks = 0;
	loop_timer_stop(stream->patience);
	loop_timer_every(stream->timer, 1000);
	greet(stream);
}

static void on_impatience(void *ctx)
{
	struct stream *stream = ctx;

	stream->state = OFF;
	ring_resume(stream->ring);
}

void stream_down(struct stream *stream)
{
	stream->state = WAITING;
	stream->delivered -= stream->unsettled;
	stream->dropped_link += stream->unsettled;
	stream->unsettled = 0;
	pass_abort(stream->pass);
	loop_timer_stop(stream->timer);
	loop_timer_once(stream->patience, PATIENCE_MS);
}

void stream_room(struct stream *stream)
{
	if (stream->state == GREETING) {
		greet(stream);
		return;
	}
	(void)!send_cgroups(stream);
	pass_room(stream->pass);
	ring_resume(stream->ring);
}

void stream_finish(struct stream *stream)
{
	ring_finish(stream->ring);
	on_second(stream);
}

int stream_new(struct stream **stream, struct loop *loop, const struct stream_sources *sources,
	const struct out *out)
{
	_cleanup_(stream_freep) struct stream *made = calloc(1, sizeof(*made));
	struct ring_taker taker = {on_record, on_empty, made};
	int r;

	if (!made)
		return -ENOMEM;
	*made = (struct stream){.sources = *sources, .out = out, .cgroup_bucket = CGROUPS_BUCKETS};
	look_at_host(made);
	r = loop_timer_new(loop, on_second, made, &made->timer);
	if (r == 0)
		r = loop_timer_new(loop, on_impatience, made, &made->patience);
	if (r == 0)
		r = ring_open(&made->ring, loop, probes_ring_fd(sources->probes), sources->config->collector.ring_bytes,
			probes_asleep(sources->probes), &taker);
	if (r == 0) {
		struct pass_def pass = {
			.probes = sources->probes,
			.cmdline = sources->cmdline,
			.out = out,
			.ring = made->ring,
			.page_bytes = made->host.page_bytes,
			.capture_args = sources->config->collector.capture_args,
		};

		r = pass_new(&made->pass, loop, &pass);
	}
	if (r < 0)
		return r;
	loop_timer_once(made->patience, PATIENCE_MS);
	*stream = TAKE_PTR(made);
	return 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	pass_free(stream->pass);
	ring_close(stream->ring);
	loop_event_free(stream->timer);
	loop_event_free(stream->patience);
	free(stream);
}

void stream_freep(struct stream **stream)
{
	stream_free(*stream);
}
