/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What is kept of the moment an incident opened: the host, the culprit's tree, the greatest users,
 * the values that crossed the line, the last events. Makes frames of it; decides nothing. Pure.
 */
#pragma once

#include "ruled/detector.h"
#include "ruled/engine.h"
#include "ruled/flight.h"

/* The host as it was last told. */
struct evidence_host {
	struct host_sample sample;
	double cpu_pct; /* of all CPUs, between the last two samples */
	uint64_t generated, delivered, dropped;
};

void evidence_host_sample(struct evidence_host *host, const struct host_sample *sample);
void evidence_counters(struct evidence_host *host, const struct counters *counters);

/* All borrowed. */
struct evidence {
	uint64_t epoch, counter; /* of the incident */
	const struct process_table *table;
	const struct flight *flight;
	const struct evidence_host *host;
	const struct finding *finding;
	int64_t wall_offset_ns;
	const struct engine_sink *sink;
};

/*
 * Tells INCIDENT_HOST, INCIDENT_PROCESS for each row, INCIDENT_SERIES and INCIDENT_EVENTS; the last
 * two only if they have something to say.
 */
void evidence_tell(const struct evidence *evidence);
