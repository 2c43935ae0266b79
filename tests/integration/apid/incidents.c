/* SPDX-License-Identifier: AGPL-3.0-only */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "tests/integration/apid/peer.h"

/* incident EPOCH COUNTER VERSION OPENED CLEARED SEVERITY RULES [FLAPPING] (times in seconds) */
static void cmd_incident(char **words)
{
	const struct incident incident = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.version = number(words, 3),
		.opened_wall_ns = number(words, 4) * NSEC_PER_SEC,
		.updated_wall_ns = clock_wall_ns(),
		.cleared_wall_ns = number(words, 5) * NSEC_PER_SEC,
		.last_alert = number(words, 2),
		.alerts = 2,
		.severity = (uint16_t)number(words, 6),
		.flapping = (uint16_t)number(words, 8),
		.evidence_complete = 1,
	};

	send_frame(FRAME_INCIDENT, &incident, (struct text[]){word(words, 7)});
}

/* incident-host EPOCH COUNTER */
static void cmd_incident_host(char **words)
{
	const struct incident_host host = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.host = {.pressure = {{.some_avg10_centi = 1234}, {.full_avg10_centi = 50}},
			.memory_available_bytes = 1 << 20,
			.load1_centi = 150,
			.pressure_known = 3},
		.cpu_pct = 87.5,
		.generated = 100,
		.delivered = 99,
		.dropped = 1,
	};

	send_frame(FRAME_INCIDENT_HOST, &host, NULL);
}

/* incident-process EPOCH COUNTER PID LISTS GENERATION CPU_PCT [EXITED] */
static void cmd_incident_process(char **words)
{
	const struct incident_process process = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.process = {.tgid = (uint32_t)number(words, 3),
			.ppid = 1,
			.start_ns = NSEC_PER_SEC,
			.comm = "stress\\ng"},
		.cpu_pct = (double)number(words, 6),
		.rss_bytes = number(words, 3) << 12,
		.fds = 3,
		.fd_limit = 1024,
		.threads = 1,
		.lists = (uint16_t)number(words, 4),
		.generation = (int16_t)number(words, 5),
		.exited = (uint16_t)number(words, 7),
	};

	send_frame(FRAME_INCIDENT_PROCESS, &process,
		(struct text[]){text_of("/usr/bin/stress"), text_of("stress \xff")});
}

/* incident-series EPOCH COUNTER COUNT: the second point is no number */
static void cmd_incident_series(char **words)
{
	struct incident_series series = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.count = (uint16_t)number(words, 3),
	};

	for (unsigned i = 0; i < INCIDENT_POINTS_MAX; i++) {
		series.points[i].wall_ns = (1700000000 + i) * NSEC_PER_SEC;
		series.points[i].value = i == 1 ? NAN : 10 + i;
	}
	send_frame(FRAME_INCIDENT_SERIES, &series, (struct text[]){text_of("forks/s")});
}

/* incident-events EPOCH COUNTER COUNT: comms without end, kinds beyond the known ones */
static void cmd_incident_events(char **words)
{
	struct incident_events events = {
		.epoch = number(words, 1),
		.counter = number(words, 2),
		.count = (uint16_t)number(words, 3),
	};

	for (unsigned i = 0; i < INCIDENT_POINTS_MAX; i++) {
		events.events[i].wall_ns = (1700000000 + i) * NSEC_PER_SEC;
		events.events[i].tgid = UINT32_MAX - i;
		events.events[i].status = 256;
		events.events[i].kind = i;
		memset(events.events[i].comm, 'A', COMM_BYTES);
	}
	send_frame(FRAME_INCIDENT_EVENTS, &events, NULL);
}

const struct peer_command incident_commands[] = {
	{"incident", cmd_incident},
	{"incident-host", cmd_incident_host},
	{"incident-process", cmd_incident_process},
	{"incident-series", cmd_incident_series},
	{"incident-events", cmd_incident_events},
};
const size_t incident_command_count = ARRAY_LEN(incident_commands);

int on_resume(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	const struct resume *r = frame->payload;
	char rule[256];

	(void)link;
	(void)fd;
	(void)ctx;
	say("resume %" PRIx64 "-%" PRIu64 " v%" PRIu64 " %s opened=%" PRIu64 " told=%" PRIu64
	    " pid=%u start=%" PRIu64 " alerts=%u severity=%u scope=%u",
		r->epoch, r->counter, r->version,
		text_copy(frame_text(frame, 0), rule, sizeof(rule)),
		(uint64_t)(r->opened_wall_ns / NSEC_PER_SEC), r->told_wall_ns, r->tgid, r->start_ns,
		r->alerts, (unsigned)r->severity, (unsigned)r->scope);
	return 0;
}

int on_resumed(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	(void)link;
	(void)fd;
	(void)ctx;
	say("resumed %" PRIu64, ((const struct resumed *)frame->payload)->count);
	return 0;
}
