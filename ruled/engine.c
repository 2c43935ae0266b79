/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/engine.h"

#include <errno.h>
#include <string.h>

#include "ruled/breaker.h"
#include "ruled/detect.h"
#include "ruled/engine_state.h"

static void on_found(
	void *ctx, struct rule_state *state, struct firing *firing, const struct finding *finding);

int engine_new(const struct engine_options *options, const struct engine_sink *sink,
	struct engine **engine)
{
	const struct process_limits limits = {PROCESS_LIVE_MAX, PROCESS_EXITED_MAX,
		PROCESS_TEXT_BYTES_MAX, options->retention_ns};
	struct engine *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->options = *options;
	made->sink = *sink;
	made->source.epoch = options->epoch;
	made->source.cgroups = &made->cgroups;
	made->source.suite = &made->options.suite;
	process_table_init(&made->table, &limits);
	cgroups_init(&made->cgroups);
	made->survey =
		(struct survey){.pass = {.table = &made->table, .suite = &made->options.suite},
			.cgroups = &made->cgroups,
			.growths = &made->shares.growths,
			.on_found = on_found,
			.ctx = made};
	*engine = made;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	engine_free_states(engine->states, engine->state_count);
	ruleset_free(engine->ruleset);
	cgroups_done(&engine->cgroups);
	process_table_done(&engine->table);
	resumes_done(&engine->resumes);
	free(engine);
}

void engine_freep(struct engine **engine)
{
	engine_free(*engine);
}

/* Whether everything since @since_ns was seen. Losses are told with the next COUNTERS only. */
static bool is_complete(const struct engine *engine, uint64_t since_ns)
{
	return engine->table.synced &&
	       (engine->loss.told_ns == 0 || engine->loss.told_ns < since_ns);
}

static bool is_muted(const struct engine *engine, const struct engine_alert *alert)
{
	const struct mutes *mutes = &engine->mutes;
	const struct alert *frame = &alert->frame;

	return mutes_until(mutes, MUTE_RULE, text_of(alert->rule->name), frame->wall_ns) != 0 ||
	       (frame->culprit.tgid != 0 &&
		       mutes_until(mutes, MUTE_CULPRIT, text_of(frame->culprit.comm),
			       frame->wall_ns) != 0);
}

/* A muted firing keeps the alert that was told before it, if any, which is cleared in its time. */
static void tell(struct engine *engine, struct rule_state *state, struct firing *firing,
	const struct finding *finding)
{
	struct report report;
	struct engine_alert *alert = &report.alert;
	struct kept_incident *incident;
	enum joined joined;

	report_make(&report, &engine->source, finding);
	if (is_muted(engine, alert)) {
		engine->muted++;
		return;
	}
	firing->alert = ++engine->counter;
	state->fired++;
	alert->frame.counter = engine->counter;
	alert->frame.evidence_complete = is_complete(engine, alert->frame.since_ns);
	state->last_fired_wall_ns = alert->frame.wall_ns;
	engine->alerts[state->rule->severity]++;
	incident = engine_join(engine, firing, finding, &report, &joined);
	engine->sink.on_alert(engine->sink.ctx, alert);
	if (incident)
		engine_tell_incident(engine, incident, joined, finding);
}

static void on_found(
	void *ctx, struct rule_state *state, struct firing *firing, const struct finding *finding)
{
	tell(ctx, state, firing, finding);
}

/* Who acted: a fork and an end are the parent's doing, and so is the first exec of a child. */
static struct process_entry *actor_of(const struct process_event *event)
{
	return event->change == PROCESS_EXECED && event->again ? event->entry
							       : event->entry->parent;
}

static void detect_all(struct engine *engine, const struct process_event *event)
{
	struct lineage lineage;
	const struct counts_event seen = {event, &lineage, actor_of(event), &engine->options.suite};
	struct detect detect;
	struct finding finding;

	lineage_of(&lineage, actor_of(event), &engine->options.suite);
	if (!counts_see_all(&engine->shares.counts, &seen))
		return;
	detect = (struct detect){.table = &engine->table,
		.cgroups = &engine->cgroups,
		.suite = &engine->options.suite,
		.lineage = &lineage};
	for (unsigned i = 0; i < engine->state_count; i++) {
		struct rule_state *state = engine->states[i];
		struct firing *firing;

		if (!state->counts || !state->counts->due)
			continue;
		firing = detect_event(&detect, state, event, &finding);
		if (firing)
			tell(engine, state, firing, &finding);
	}
}

static void on_process(struct engine *engine, const struct frame *frame)
{
	struct process_event event;

	process_table_frame(&engine->table, frame, &event);
	if (event.change == PROCESS_UNCHANGED || event.entry->info.kernel_thread)
		return;
	engine->now_ns = MAX(engine->now_ns, event.time_ns);
	flight_add(&engine->flight, &event);
	detect_all(engine, &event);
}

static void on_process_event(struct engine *engine, const struct frame *frame)
{
	engine->received++;
	on_process(engine, frame);
}

static void on_sample_end(struct engine *engine, const struct frame *frame)
{
	const struct sample_end *end = frame->payload;

	on_process(engine, frame);
	engine->now_ns = MAX(engine->now_ns, end->time_ns);
	if (engine->table.pass.whole)
		survey_pass(&engine->survey, &engine->table, end->time_ns);
}

static void on_host_sample(struct engine *engine, const struct frame *frame)
{
	const struct host_sample *sample = frame->payload;

	engine->now_ns = MAX(engine->now_ns, sample->time_ns);
	evidence_host_sample(&engine->host, sample);
	survey_host(&engine->survey, sample);
}

static void look_for_cleared(struct engine *engine, struct rule_state *state)
{
	struct firing *firing = TAILQ_FIRST(&state->firings.told), *next;

	for (; firing; firing = next) {
		next = TAILQ_NEXT(firing, order);
		if (!detect_cleared(&engine->table, state, firing, engine->now_ns))
			continue;
		if (firing->alert != 0)
			engine->sink.on_cleared(
				engine->sink.ctx, firing->alert, "condition cleared");
		firing_set_remove(&state->firings, firing);
	}
}

static void on_tick(struct engine *engine, const struct frame *frame)
{
	const struct tick *tick = frame->payload;
	struct counts *counts;

	engine->now_ns = MAX(engine->now_ns, tick->time_ns);
	engine->source.wall_offset_ns = tick->wall_offset_ns;
	if (engine->source.epoch == 0)
		engine->source.epoch = tick->time_ns;
	engine->ticked = true;
	engine_resume_all(engine);
	process_table_expire(&engine->table, engine->now_ns);
	LIST_FOREACH (counts, &engine->shares.counts, order) {
		window_set_expire(&counts->scoped, engine->now_ns);
		window_set_expire(&counts->trees, engine->now_ns);
	}
	for (unsigned i = 0; i < engine->state_count; i++)
		look_for_cleared(engine, engine->states[i]);
	engine_clear_incidents(engine);
}

/* More drops than last time: something between then and now is missing. */
static void on_counters(struct engine *engine, const struct frame *frame)
{
	const struct counters *counters = frame->payload;
	uint64_t dropped = counters->dropped_ring + counters->dropped_link;

	evidence_counters(&engine->host, counters);
	if (engine->loss.known && dropped > engine->loss.dropped) {
		engine->loss.told_ns = MAX(engine->now_ns, 1);
		process_table_unsync(&engine->table);
	}
	engine->loss.dropped = dropped;
	engine->loss.known = true;
}

static void on_host(struct engine *engine, const struct frame *frame)
{
	text_copy(frame_text(frame, 0), engine->source.host, sizeof(engine->source.host));
}

static void on_cgroup(struct engine *engine, const struct frame *frame)
{
	cgroups_frame(&engine->cgroups, frame);
}

static void (*const TAKERS[FRAME_TYPE_MAX])(struct engine *engine, const struct frame *frame) = {
	[FRAME_FORK] = on_process_event,
	[FRAME_EXEC] = on_process_event,
	[FRAME_EXIT] = on_process_event,
	[FRAME_SAMPLE] = on_process,
	[FRAME_SAMPLE_BEGIN] = on_process,
	[FRAME_SAMPLE_END] = on_sample_end,
	[FRAME_HOST_SAMPLE] = on_host_sample,
	[FRAME_EXIT_INFERRED] = on_process,
	[FRAME_OOM] = on_process,
	[FRAME_CGROUP] = on_cgroup,
	[FRAME_TICK] = on_tick,
	[FRAME_COUNTERS] = on_counters,
	[FRAME_HOST] = on_host,
};

void engine_frame(struct engine *engine, const struct frame *frame)
{
	if (TAKERS[frame->header.type])
		TAKERS[frame->header.type](engine, frame);
}

void engine_unsync(struct engine *engine)
{
	process_table_unsync(&engine->table);
	survey_forget(&engine->survey);
	engine->loss.known = false;
}

int engine_mute(struct engine *engine, const struct frame *frame)
{
	return mutes_set(&engine->mutes, frame, engine_wall_now(engine));
}

const struct mutes *engine_mutes(const struct engine *engine)
{
	return &engine->mutes;
}

void engine_detection(const struct engine *engine, struct detection *detection)
{
	detection->processes = engine->table.live_count;
	detection->processes_kept = engine->table.exited_count;
	detection->evicted = engine->table.evicted + engine->table.refused;
	detection->received = engine->received;
	detection->synced = engine->table.synced;
	detection->incidents_open = engine->incidents.open;
	detection->muted = engine->muted;
	memcpy(detection->alerts, engine->alerts, sizeof(detection->alerts));
	breaker_states(engine->states, engine->state_count, detection->breaker);
}
