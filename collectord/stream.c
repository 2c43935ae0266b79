/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "collectord/events.h"
#include "collectord/greeting.h"
#include "collectord/pass.h"
#include "collectord/spending.h"
#include "common/clock.h"
#include "common/log.h"

#define PASS_EVERY_NS	    (60 * NSEC_PER_SEC)
#define PASS_AFTER_DROPS_NS (5 * NSEC_PER_SEC)
#define PROGRAMS_EVERY	    10 /* ticks */
#define TICK_MS		    1000
#define FIRST_TICKS_MS	    100
#define PATIENCE_MS	    5000 /* for a listener that starts or restarts; older events would be stale */

enum state {
	WAITING,  /* nobody listens yet or any more: events wait in the ring */
	OFF,	  /* nobody has listened for long: events are taken and counted as dropped */
	GREETING, /* the listener is being told what it must know first: events wait in the ring */
	ON,
};

struct stream {
	struct stream_sources sources;
	const struct out *out;
	struct ring *ring;
	struct pass *pass;
	struct loop_event *timer, *patience, *sampler;
	struct greeting greeting;
	struct events events;
	struct spending spending;
	enum state state;
	unsigned ticks;
	uint64_t drops_at_pass, cgroup_drops;
};

static int send_frame(
	struct stream *stream, unsigned type, const void *payload, const struct text *texts)
{
	return stream->out->send(stream->out->ctx, type, payload, texts);
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

static int begin_pass(struct stream *stream, enum pass_kind kind)
{
	struct cpu_counters sum;
	int r;

	counters_sum(stream->sources.counters, &sum);
	r = pass_begin(stream->pass, kind);
	if (r == 0 && kind != PASS_CHANGES)
		stream->drops_at_pass = sum_drops(&sum);
	if (r == -ENOBUFS || r == -ENOTCONN || r == -EBUSY)
		return r;
	if (r < 0 && r != -EOPNOTSUPP) /* what is not attached has been reported as such */
		log_warn_r(r, "processes cannot be walked");
	return 0;
}

static void greet(struct stream *stream)
{
	/* Where one of these finds no room, stream_room() or stream_down() follows. */
	if (greeting_go(&stream->greeting) < 0 || send_tick(stream) < 0 ||
		begin_pass(stream, PASS_FULL_WITH_TEXTS) < 0)
		return;
	stream->state = ON;
	loop_timer_every(stream->sampler, stream->sources.config->collector.sample_interval_ms);
	ring_resume(stream->ring);
}

static int tell(struct stream *stream, struct decoded *decoded)
{
	bool listens = stream->state == ON;
	int r = events_tell(&stream->events, decoded, listens);

	if (r == 0 && listens && decoded->type == FRAME_EXIT)
		pass_exited(stream->pass, decoded->payload.process.tgid,
			decoded->payload.process.start_ns);
	return r;
}

static int on_record(const void *data, size_t len, void *ctx)
{
	struct stream *stream = ctx;
	struct decoded decoded;

	if (stream->state == WAITING || stream->state == GREETING)
		return -ENOBUFS;
	if (events_decode(&stream->events, data, len, &decoded) < 0)
		return 0;
	if (decoded.type != FRAME_CGROUP)
		pass_caught_up(stream->pass, decoded.payload.process.time_ns);
	return tell(stream, &decoded);
}

static void on_empty(void *ctx)
{
	struct stream *stream = ctx;

	events_settle(&stream->events);
	pass_caught_up(stream->pass, UINT64_MAX);
}

static void send_counters(struct stream *stream, const struct cpu_counters *sum)
{
	struct counters counters = {
		.delivered = stream->events.delivered,
		.dropped_ring = sum_drops(sum),
		.dropped_link = stream->events.dropped_link,
		.filtered = sum->filtered + stream->events.filtered,
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
	uint64_t since = now - pass_full_begun_ns(stream->pass);
	bool lost = sum_drops(sum) != stream->drops_at_pass;

	if (sum->dropped[COUNT_CGROUP] != stream->cgroup_drops) {
		stream->cgroup_drops = sum->dropped[COUNT_CGROUP];
		if (hierarchy_walk(stream->sources.hierarchy, stream->sources.cgroups) == 0)
			greeting_rename(&stream->greeting);
	}
	if ((lost && since >= PASS_AFTER_DROPS_NS) || since >= PASS_EVERY_NS)
		(void)!begin_pass(stream, lost ? PASS_FULL_WITH_TEXTS : PASS_FULL);
}

static void send_host(struct stream *stream)
{
	struct host_sample sample = {.time_ns = clock_boottime_ns()};

	host_watch_read(stream->sources.host, &sample);
	(void)!send_frame(stream, FRAME_HOST_SAMPLE, &sample, NULL);
}

/* What collecting costs, and what is done without because of it. */
static void look_at_cost(struct stream *stream, const struct cpu_counters *sum)
{
	const struct self *self = selfstat_get(stream->sources.self);
	const struct spending_reading reading = {.time_ns = clock_boottime_ns(),
		.own_cpu_ns = self->cpu_ns,
		.connections_cpu_ns = pass_connections_cpu_ns(stream->pass)};
	uint64_t lost = probes_connects_lost(stream->sources.probes);

	(void)!send_frame(stream, FRAME_SELF, self, NULL);
	if (spending_look(&stream->spending, sum, &reading))
		greeting_reprobe(&stream->greeting);
	if (lost > 0)
		log_warn_limited("more processes connect than can be counted: %" PRIu64
				 " connects without a place",
			lost);
}

static void on_sample(void *ctx)
{
	struct stream *stream = ctx;

	if (stream->state == ON)
		(void)!begin_pass(stream, PASS_CHANGES);
}

static void on_second(void *ctx)
{
	struct stream *stream = ctx;
	struct cpu_counters sum;

	/* Until a first event has shown that the programs work, they who wait for it hear sooner.
	 */
	loop_timer_once(stream->timer, stream->events.delivered > 0 ? TICK_MS : FIRST_TICKS_MS);
	if (stream->state != ON)
		return;
	events_settle(&stream->events);
	counters_sum(stream->sources.counters, &sum);
	(void)!send_tick(stream);
	send_counters(stream, &sum);
	send_host(stream);
	look_at_cost(stream, &sum);
	if (stream->ticks++ % PROGRAMS_EVERY == 0)
		send_programs(stream, &sum);
	look_again(stream, &sum, clock_boottime_ns());
	(void)!greeting_go(&stream->greeting);
}

void stream_up(struct stream *stream)
{
	stream->state = GREETING;
	stream->ticks = 0;
	greeting_restart(&stream->greeting);
	loop_timer_stop(stream->patience);
	loop_timer_once(stream->timer, FIRST_TICKS_MS);
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
	events_unsettle(&stream->events);
	pass_want_connections(stream->pass, false);
	pass_abort(stream->pass);
	loop_timer_stop(stream->sampler);
	loop_timer_stop(stream->timer);
	loop_timer_once(stream->patience, PATIENCE_MS);
}

void stream_room(struct stream *stream)
{
	if (stream->state == GREETING) {
		greet(stream);
		return;
	}
	(void)!greeting_go(&stream->greeting);
	pass_room(stream->pass);
	ring_resume(stream->ring);
}

void stream_want_connections(struct stream *stream, bool wanted)
{
	pass_want_connections(stream->pass, wanted);
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
	*made = (struct stream){.sources = *sources, .out = out};
	greeting_init(&made->greeting, sources->probes, sources->cgroups, out);
	made->events = (struct events){
		.cgroups = sources->cgroups,
		.out = out,
		.page_bytes = made->greeting.host.page_bytes,
		.exit_is_exact = probes_exit_is_exact(sources->probes),
	};
	spending_init(&made->spending, sources->probes, sources->config->collector.cpu_budget_pct);
	r = loop_timer_new(loop, on_second, made, &made->timer);
	if (r == 0)
		r = loop_timer_new(loop, on_impatience, made, &made->patience);
	if (r == 0)
		r = loop_timer_new(loop, on_sample, made, &made->sampler);
	if (r == 0)
		r = ring_open(&made->ring, loop, probes_ring_fd(sources->probes),
			sources->config->collector.ring_bytes, probes_asleep(sources->probes),
			&taker);
	if (r == 0) {
		struct pass_def pass = {
			.probes = sources->probes,
			.cmdline = sources->cmdline,
			.out = out,
			.ring = made->ring,
			.page_bytes = made->greeting.host.page_bytes,
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
	loop_event_free(stream->sampler);
	free(stream);
}

void stream_freep(struct stream **stream)
{
	stream_free(*stream);
}
