/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "apid/connections.h"
#include "apid/names.h"
#include "common/text.h"

struct writer {
	struct evbuffer *out;
	const struct apid *apid;
	uint64_t now_ns;
	const char *name; /* of the metric being written */
};

/* A label's value: escaped as text, then as the format wants it. Returns @out. */
static const char *label(const char *text, char *out, size_t size)
{
	char escaped[1024];
	size_t len = text_escape(text, strlen(text), escaped, sizeof(escaped)), used = 0;

	for (size_t i = 0; i < len && used + 2 < size; i++) {
		if (escaped[i] == '\\' || escaped[i] == '"')
			out[used++] = '\\';
		out[used++] = escaped[i];
	}
	out[used] = '\0';
	return out;
}

static void plain(const struct writer *w, uint64_t value)
{
	evbuffer_add_printf(w->out, "linnix_%s %" PRIu64 "\n", w->name, value);
}

static void labelled(const struct writer *w, const char *name, const char *value, uint64_t number)
{
	char text[512];

	evbuffer_add_printf(w->out, "linnix_%s{%s=\"%s\"} %" PRIu64 "\n", w->name, name,
		label(value, text, sizeof(text)), number);
}

static void labelled_seconds(
	const struct writer *w, const char *name, const char *value, uint64_t ns)
{
	char text[512];

	evbuffer_add_printf(w->out, "linnix_%s{%s=\"%s\"} %.9f\n", w->name, name,
		label(value, text, sizeof(text)), (double)ns / 1e9);
}

static void write_build_info(const struct writer *w)
{
	labelled(w, "version", LINNIX_VERSION, 1);
}

static void write_events(const struct writer *w)
{
	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		labelled(w, "type", name_event(kind), w->apid->suite.counters.generated[kind]);
}

static void write_generated(const struct writer *w)
{
	plain(w, suite_generated(&w->apid->suite.counters));
}

static void write_dropped(const struct writer *w)
{
	labelled(w, "where", "ring", w->apid->suite.counters.dropped_ring);
	labelled(w, "where", "link", w->apid->suite.counters.dropped_link);
}

static void write_programs(const struct writer *w, bool runs)
{
	for (unsigned i = 0; i < w->apid->suite.program_count; i++) {
		const struct suite_program *program = &w->apid->suite.programs[i];

		if (runs)
			labelled(w, "program", program->name, program->runs);
		else
			labelled_seconds(w, "program", program->name, program->nanoseconds);
	}
}

static void write_program_seconds(const struct writer *w)
{
	write_programs(w, false);
}

static void write_program_runs(const struct writer *w)
{
	write_programs(w, true);
}

static void write_delay(const struct writer *w)
{
	evbuffer_add_printf(w->out, "linnix_%s %.9f\n", w->name,
		(double)w->apid->suite.detection.delay_last_ns / 1e9);
}

static void alerts_of(
	const struct writer *w, const char *rule, const uint64_t alerts[SEVERITY_COUNT])
{
	char text[1024];

	for (unsigned severity = 0; severity < SEVERITY_COUNT; severity++)
		if (alerts[severity])
			evbuffer_add_printf(w->out,
				"linnix_%s{rule=\"%s\",severity=\"%s\"} %" PRIu64 "\n", w->name,
				label(rule, text, sizeof(text)), name_severity(severity),
				alerts[severity]);
}

static void write_alerts(const struct writer *w)
{
	const struct counts *counts = &w->apid->counts;

	for (unsigned i = 0; i < counts->rule_count; i++)
		alerts_of(w, counts->rules[i].name, counts->rules[i].alerts);
	alerts_of(w, "", counts->alerts_other);
}

static void write_actions(const struct writer *w)
{
	const struct actions *actions = &w->apid->actions;
	uint64_t by_status[STATUS_COUNT] = {0};

	for (unsigned i = 0; i < actions->count; i++)
		by_status[MIN(actions->entries[i].status, (unsigned)STATUS_COUNT - 1)]++;
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		labelled(w, "status", name_status(status), by_status[status]);
}

static void write_actions_total(const struct writer *w)
{
	for (unsigned status = 0; status < STATUS_COUNT; status++)
		if (status_is_last(status))
			labelled(w, "result", name_status(status),
				w->apid->actions.finished[status]);
}

static void write_cpu(const struct writer *w)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (suite_up(&w->apid->suite, (enum role)role, w->now_ns))
			labelled_seconds(w, "daemon", role_name((enum role)role),
				w->apid->suite.daemons[role].self.cpu_ns);
}

static void write_pss(const struct writer *w)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (suite_up(&w->apid->suite, (enum role)role, w->now_ns))
			labelled(w, "daemon", role_name((enum role)role),
				w->apid->suite.daemons[role].self.pss_bytes);
}

static void write_up(const struct writer *w)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		labelled(w, "daemon", role_name((enum role)role),
			suite_up(&w->apid->suite, (enum role)role, w->now_ns));
}

static void write_requests(const struct writer *w)
{
	const struct route_table *table = w->apid->routes;

	for (size_t route = 0; route <= COUNTS_ROUTES_MAX; route++) {
		const char *path = route < table->count ? table->routes[route].path : "none";

		for (unsigned i = 0; i < STATUS_INDEXES; i++)
			if (w->apid->counts.requests[route][i])
				evbuffer_add_printf(w->out,
					"linnix_%s{route=\"%s\",code=\"%u\"} %" PRIu64 "\n",
					w->name, path, counts_status_code(i),
					w->apid->counts.requests[route][i]);
	}
}

static void write_connections(const struct writer *w)
{
	plain(w, connections_held(w->apid->connections));
}

static void write_streams(const struct writer *w)
{
	plain(w, w->apid->connections->streams);
}

static void write_dropped_clients(const struct writer *w)
{
	const struct counts *counts = &w->apid->counts;

	labelled(w, "reason", "slow_request", counts->slow_requests);
	labelled(w, "reason", "slow_stream", counts->slow_streams);
	labelled(w, "reason", "too_many_streams", counts->streams_refused);
	labelled(w, "reason", "too_many_connections", counts->connections_refused);
}

static void write_reload(const struct writer *w)
{
	if (w->apid->rules.known)
		plain(w, w->apid->rules.reload_success);
}

static void write_incidents(const struct writer *w)
{
	plain(w, w->apid->suite.detection.incidents_open);
}

static void write_breakers(const struct writer *w)
{
	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		labelled(w, "resource", name_pressure(i), w->apid->suite.detection.breaker[i]);
}

/* A figure stands in struct apid as it is, a uint64_t; everything else is written by a function. */
#define IS_FIGURE(member) _Generic(((struct apid *)NULL)->member, uint64_t : 1)
#define FIGURE(member)	  NULL, IS_FIGURE(member) * offsetof(struct apid, member)

static const struct {
	const char *name, *type, *help;
	void (*write)(const struct writer *writer);
	size_t figure;
} metrics[] = {
	{"build_info", "gauge", "Version of the suite; always 1.", write_build_info, 0},
	{"events_total", "counter", "Kernel events seen by the collector, by type.", write_events,
		0},
	{"events_generated_total", "counter", "Kernel events seen by the collector.",
		write_generated, 0},
	{"events_delivered_total", "counter", "Kernel events delivered to ruled.",
		FIGURE(suite.counters.delivered)},
	{"events_filtered_total", "counter",
		"Kernel events left out because they are none of this host's.",
		FIGURE(suite.counters.filtered)},
	{"events_dropped_total", "counter", "Kernel events lost, by where.", write_dropped, 0},
	{"ring_used_bytes", "gauge", "Bytes in the ring buffer when last looked at.",
		FIGURE(suite.counters.ring_used_bytes)},
	{"ring_size_bytes", "gauge", "Size of the ring buffer.", FIGURE(suite.counters.ring_bytes)},
	{"bpf_program_seconds_total", "counter", "Time spent in a kernel program, extrapolated.",
		write_program_seconds, 0},
	{"bpf_program_runs_total", "counter", "Runs of a kernel program.", write_program_runs, 0},
	{"processes", "gauge", "Live processes in ruled's table.",
		FIGURE(suite.detection.processes)},
	{"processes_evicted_total", "counter",
		"Processes given up by ruled's table before their time.",
		FIGURE(suite.detection.evicted)},
	{"detection_delay_seconds", "gauge",
		"From the kernel event that completed the last alert to the alert.", write_delay,
		0},
	{"feed_unacknowledged", "gauge", "Alerts that wait in ruled for apid.",
		FIGURE(suite.detection.unacknowledged)},
	{"feed_discarded_total", "counter", "Alerts ruled gave up because too many waited.",
		FIGURE(suite.detection.discarded)},
	{"rules_reload_success", "gauge", "1 if the last load of the rules succeeded.",
		write_reload, 0},
	{"alerts_total", "counter", "Alerts received, by rule and severity.", write_alerts, 0},
	{"alerts_forgotten_total", "counter", "Alerts given up for newer ones.",
		FIGURE(alerts.forgotten)},
	{"alerts_muted_total", "counter", "Alerts that were not told because they were muted.",
		FIGURE(suite.detection.muted)},
	{"incidents_open", "gauge", "Open incidents.", write_incidents, 0},
	{"incidents_forgotten_total", "counter", "Incidents given up for newer ones.",
		FIGURE(incidents.forgotten)},
	{"incident_evidence_refused_total", "counter",
		"Processes left out of the evidence of an incident because it was full.",
		FIGURE(incidents.rows_refused)},
	{"incident_evidence_orphaned_total", "counter",
		"Evidence received for incidents that are not known.", FIGURE(incidents.orphans)},
	{"circuit_breaker_state", "gauge",
		"State of a circuit breaker: 0 off, 1 closed, 2 grace, 3 open.", write_breakers, 0},
	{"actions", "gauge", "Known actions, by status.", write_actions, 0},
	{"actions_total", "counter", "Actions that reached a last status.", write_actions_total, 0},
	{"daemon_up", "gauge", "1 if the daemon has answered within two seconds.", write_up, 0},
	{"daemon_cpu_seconds_total", "counter", "CPU time used by a daemon.", write_cpu, 0},
	{"daemon_pss_bytes", "gauge", "Proportional set size of a daemon.", write_pss, 0},
	{"http_requests_total", "counter", "HTTP requests answered, by route and status.",
		write_requests, 0},
	{"http_connections", "gauge", "Open HTTP connections that are no streams.",
		write_connections, 0},
	{"http_clients_dropped_total", "counter", "Clients ended or refused to keep a bound.",
		write_dropped_clients, 0},
	{"http_claims_unanswered_total", "counter",
		"Connections enforcerd did not look at in time.", FIGURE(counts.unproven)},
	{"sse_clients", "gauge", "Open streams.", write_streams, 0},
};

static uint64_t figure(const struct apid *apid, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)apid + offset, sizeof(value));
	return value;
}

void metrics_write(struct evbuffer *out, const struct apid *apid, uint64_t now_ns)
{
	struct writer writer = {out, apid, now_ns, NULL};

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		writer.name = metrics[i].name;
		evbuffer_add_printf(out, "# HELP linnix_%s %s\n# TYPE linnix_%s %s\n", writer.name,
			metrics[i].help, writer.name, metrics[i].type);
		if (metrics[i].write)
			metrics[i].write(&writer);
		else
			plain(&writer, figure(apid, metrics[i].figure));
	}
}
