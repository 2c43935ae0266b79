/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/evidence.h"

#include <assert.h>
#include <string.h>

#include "ruled/evidence_rows.h"
#include "ruled/growth.h"
#include "ruled/report.h"

#define STEPS_MAX     256 /* up a tree */
#define BYTES_PER_KIB 1024ULL

static_assert(SERIES_RECENT <= INCIDENT_POINTS_MAX && GROWTH_POINTS <= INCIDENT_POINTS_MAX,
	"a frame takes every series");

void evidence_host_sample(struct evidence_host *host, const struct host_sample *sample)
{
	const struct host_sample *before = &host->sample;
	bool known = before->time_ns > 0 && sample->cpu_total_ns > before->cpu_total_ns &&
		     sample->cpu_busy_ns >= before->cpu_busy_ns;

	host->cpu_pct = known ? 100.0 * (double)(sample->cpu_busy_ns - before->cpu_busy_ns) /
					(double)(sample->cpu_total_ns - before->cpu_total_ns)
			      : 0;
	host->cpu_pct = MIN(host->cpu_pct, 100.0);
	host->sample = *sample;
}

void evidence_counters(struct evidence_host *host, const struct counters *counters)
{
	host->generated = 0;
	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		host->generated += counters->generated[kind];
	host->delivered = counters->delivered;
	host->dropped = counters->dropped_ring + counters->dropped_link;
}

static void send(const struct evidence *evidence, unsigned type, const void *payload,
	const struct text *texts)
{
	evidence->sink->on_incident(evidence->sink->ctx, type, payload, texts);
}

static uint64_t to_wall(const struct evidence *evidence, uint64_t time_ns)
{
	return wall_time(time_ns, evidence->wall_offset_ns);
}

static void tell_host(const struct evidence *evidence)
{
	const struct evidence_host *host = evidence->host;
	const struct incident_host payload = {
		.epoch = evidence->epoch,
		.counter = evidence->counter,
		.host = host->sample,
		.cpu_pct = host->cpu_pct,
		.generated = host->generated,
		.delivered = host->delivered,
		.dropped = host->dropped,
	};

	send(evidence, FRAME_INCIDENT_HOST, &payload, NULL);
}

static void tell_process(const struct evidence *evidence, const struct evidence_row *row)
{
	const struct process_entry *entry = row->entry;
	const struct process_usage *usage = &entry->usage;
	const struct incident_process payload = {
		.epoch = evidence->epoch,
		.counter = evidence->counter,
		.process = entry->info,
		.cpu_pct = evidence_cpu_pct(evidence->table, entry),
		.rss_bytes = usage->rss_kib * BYTES_PER_KIB,
		.swap_bytes = (uint64_t)entry->swap_mib << 20,
		.fds = usage->fds,
		.fd_limit = usage->fd_limit,
		.threads = usage->threads,
		.lists = row->lists,
		.exited = entry->exited,
		.generation = row->generation,
	};
	const struct text texts[] = {interned_text(entry->exe), interned_text(entry->args)};

	send(evidence, FRAME_INCIDENT_PROCESS, &payload, texts);
}

static void tell_processes(const struct evidence *evidence)
{
	struct evidence_rows rows = {0};

	if (evidence->finding->culprit)
		evidence_rows_tree(&rows, evidence->finding->culprit);
	evidence_rows_top(&rows, evidence->table);
	for (unsigned i = 0; i < rows.count; i++)
		tell_process(evidence, &rows.at[i]);
}

static void tell_series(const struct evidence *evidence)
{
	struct incident_series payload = {.epoch = evidence->epoch, .counter = evidence->counter};
	const struct text unit = text_of(series_unit(evidence->finding->rule));
	struct series series;

	series_fill(&series, &evidence->finding->series);
	if (series.count == 0)
		return;
	payload.count = (uint16_t)series.count;
	for (unsigned i = 0; i < series.count; i++) {
		payload.points[i].wall_ns = to_wall(evidence, series.at[i].time_ns);
		payload.points[i].value = series.at[i].value;
	}
	send(evidence, FRAME_INCIDENT_SERIES, &payload, &unit);
}

/* Its own, or of somebody below it. Without a culprit everybody's. */
static bool is_in_tree(const struct evidence *evidence, const struct flight_event *event)
{
	const struct process_entry *culprit = evidence->finding->culprit, *entry;

	if (!culprit)
		return true;
	entry = process_table_find(evidence->table, event->tgid, event->start_ns);
	for (unsigned steps = 0; entry && steps < STEPS_MAX; steps++, entry = entry->parent)
		if (entry == culprit)
			return true;
	return false;
}

static void tell_events(const struct evidence *evidence)
{
	struct incident_events payload = {.epoch = evidence->epoch, .counter = evidence->counter};
	const struct flight_event *found[INCIDENT_POINTS_MAX], *event;
	unsigned count = 0;

	for (uint64_t age = 0; count < INCIDENT_POINTS_MAX; age++) {
		event = flight_get(evidence->flight, age);
		if (!event)
			break;
		if (is_in_tree(evidence, event))
			found[count++] = event;
	}
	if (count == 0)
		return;
	payload.count = (uint16_t)count;
	for (unsigned i = 0; i < count; i++) {
		event = found[count - 1 - i];
		payload.events[i].wall_ns = to_wall(evidence, event->time_ns);
		payload.events[i].tgid = event->tgid;
		payload.events[i].ppid = event->ppid;
		payload.events[i].status = event->status;
		payload.events[i].kind = event->kind;
		memcpy(payload.events[i].comm, event->comm, COMM_BYTES);
	}
	send(evidence, FRAME_INCIDENT_EVENTS, &payload, NULL);
}

void evidence_tell(const struct evidence *evidence)
{
	tell_host(evidence);
	tell_processes(evidence);
	tell_series(evidence);
	tell_events(evidence);
}
