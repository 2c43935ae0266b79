/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What was seen when an incident opened, as ruled told it: the host, processes, the values that
 * crossed the line, the last events. Each piece once, however often it is told. Keeps; never
 * interprets.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define INCIDENT_ROWS_MAX   128
#define INCIDENT_UNIT_BYTES 65

struct incident_row {
	struct incident_process process;
	char texts[]; /* as in the frame: text_len[] of the process says where they end */
};

struct incident_evidence {
	struct incident_host *host; /* NULL: not told */
	struct incident_row **rows; /* in the order they were told first */
	unsigned row_count;
	struct incident_series *series; /* NULL: not told */
	char unit[INCIDENT_UNIT_BYTES];
	struct incident_events *events; /* NULL: not told */
	size_t bytes;			/* of all of it */
	uint64_t refused;		/* rows beyond the bound */
};

void incident_evidence_done(struct incident_evidence *evidence);

/* @frame: INCIDENT_HOST, _PROCESS, _SERIES, _EVENTS. 0, or -ENOMEM. */
must_check int incident_evidence_add(struct incident_evidence *evidence, const struct frame *frame);

/* Text @index (exe, args) of a row. */
struct text incident_row_text(const struct incident_row *row, unsigned index);
