/* SPDX-License-Identifier: AGPL-3.0-only */
/* Makes the alert of a finding: the frame and its texts. Pure. */
#pragma once

#include "ruled/cgroups.h"
#include "ruled/detector.h"
#include "ruled/engine.h"

#define REPORT_HOST_BYTES    256
#define REPORT_MESSAGE_BYTES 512

/* What alerts tell beside the finding. */
struct report_source {
	const struct cgroups *cgroups;
	const struct suite_users *suite;
	uint64_t epoch;
	int64_t wall_offset_ns;
	char host[REPORT_HOST_BYTES];
};

/* CLOCK_REALTIME of a boot time; 0 where it would be earlier. */
uint64_t wall_time(uint64_t time_ns, int64_t offset_ns);

#define REPORT_ID_BYTES 48

struct report {
	struct engine_alert alert; /* its texts borrow what follows */
	char message[REPORT_MESSAGE_BYTES];
	char root_comm[COMM_BYTES];
	char incident[REPORT_ID_BYTES];
};

/*
 * Fills @report but for the alert's number and evidence_complete. Borrows the source and the
 * finding.
 */
void report_make(
	struct report *report, const struct report_source *source, const struct finding *finding);
