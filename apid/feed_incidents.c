/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/feed_incidents.h"

#include "apid/streams.h"
#include "common/clock.h"
#include "common/log.h"

static int on_state(struct apid *apid, const struct frame *frame)
{
	int64_t offset = (int64_t)(clock_wall_ns() - clock_boottime_ns());
	const struct stored_incident *stored;
	int r = incidents_told(&apid->incidents, frame, &apid->alerts, offset, &stored);

	if (r == 1)
		streams_publish(apid, STREAM_INCIDENT, stored->json);
	return MIN(r, 0);
}

int feed_incident(struct apid *apid, const struct frame *frame)
{
	if (frame->header.type == FRAME_INCIDENT)
		return on_state(apid, frame);
	return incidents_evidence(&apid->incidents, frame);
}

/* Returns how many were sent; @count: before. */
static unsigned resume_one(
	struct apid *apid, const struct stored_incident *incident, unsigned count)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < incident->rules.count && count + sent < FEED_RESUMES_MAX; i++) {
		const struct resume resume = incident_resume(incident, i);
		const struct text rule = text_of(incident->rules.list[i].name);

		if (link_send(apid->feed, FRAME_RESUME, &resume, &rule) < 0)
			break;
		sent++;
	}
	return sent;
}

void feed_resume(struct apid *apid)
{
	const struct incidents *incidents = &apid->incidents;
	struct resumed resumed = {0};
	int r;

	for (unsigned i = incidents->count; i > 0; i--)
		if (incident_is_open(incidents->list[i - 1]))
			resumed.count +=
				resume_one(apid, incidents->list[i - 1], (unsigned)resumed.count);
	r = link_send(apid->feed, FRAME_RESUMED, &resumed, NULL);
	if (r < 0)
		log_warn_r(r, "ruled is not told which incidents are open");
}
