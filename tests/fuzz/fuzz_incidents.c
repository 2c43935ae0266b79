/* SPDX-License-Identifier: AGPL-3.0-only */
/* Whatever frames of incidents a ruled sends that pass the frame table: what is kept stays within
 * its bounds and is shown as JSON. The input is the frames one after another. */
#include <stdio.h>
#include <string.h>

#include "apid/incident_json.h"
#include "apid/incident_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct alerts alerts;
static struct incidents incidents;
static const struct actions actions;

static const char *user(uid_t uid, char *buffer, size_t size)
{
	snprintf(buffer, size, "user%u", (unsigned)uid);
	return buffer;
}

static void take(const struct frame *frame)
{
	const struct stored_incident *incident;
	const struct stored_alert *alert;

	if (frame->header.type == FRAME_ALERT && alerts_add(&alerts, frame, user, &alert) == 1)
		(void)!incidents_alert(&incidents, alert);
	else if (frame->header.type == FRAME_INCIDENT)
		(void)!incidents_told(&incidents, frame, &alerts, 0, &incident);
	else if (frame->header.type != FRAME_ALERT)
		(void)!incidents_evidence(&incidents, frame);
}

static void take_all(const uint8_t *data, size_t size)
{
	static uint64_t body[FRAME_BYTES_MAX / sizeof(uint64_t)];
	struct frame frame;
	const char *why;

	while (size >= sizeof(frame.header)) {
		struct frame_header header;

		memcpy(&header, data, sizeof(header));
		if (header.type != FRAME_ALERT &&
			(header.type < FRAME_INCIDENT || header.type > FRAME_INCIDENT_EVENTS))
			return;
		if (frame_check_header(&header, WAY_FEED_UP, &why) < 0 || header.length > size)
			return;
		memcpy(body, data + sizeof(header), header.length - sizeof(header));
		if (frame_parse(&header, body, &frame, &why) == 0)
			take(&frame);
		data += header.length;
		size -= header.length;
	}
}

static void must_dump(json_t *json)
{
	char *text = json ? shape_dump(json) : NULL;
	json_t *again = text ? json_loads(text, 0, NULL) : NULL;

	if (!again)
		__builtin_trap();
	json_decref(again);
	json_decref(json);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	take_all(data, size);
	if (incidents.count > INCIDENTS_MAX || incidents.bytes > INCIDENTS_BYTES_MAX)
		__builtin_trap();
	for (unsigned i = 0; i < incidents.count; i++)
		must_dump(incident_json_whole(incidents.list[i], &actions, user));
	must_dump(incidents_summary(&incidents, 0));
	must_dump(incidents_stats(&incidents));
	incidents_done(&incidents);
	alerts_done(&alerts);
	return 0;
}
