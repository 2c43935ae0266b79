/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/alert_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/json_line.h"

#define VALUE_DIGITS 3

static const char *severity_name(unsigned severity)
{
	static const char *const names[SEVERITY_COUNT] = {"info", "low", "medium", "high"};

	return names[severity];
}

static void put_text(struct json_line *line, const char *key, struct text text)
{
	if (text.len > 0)
		json_line_text(line, key, text.data, text.len);
	else
		json_line_null(line, key);
}

static uint64_t to_wall(const struct alert *alert, uint64_t time_ns)
{
	/* The alert's own two clocks give the offset. */
	uint64_t age = alert->time_ns > time_ns ? alert->time_ns - time_ns : 0;

	return alert->wall_ns > age ? alert->wall_ns - age : 0;
}

static void put_culprit(struct json_line *line, const struct engine_alert *alert)
{
	const struct process *culprit = &alert->frame.culprit;

	if (culprit->tgid == 0) {
		json_line_null(line, "culprit");
		return;
	}
	json_line_open(line, "culprit", '{');
	json_line_u64(line, "pid", culprit->tgid);
	json_line_u64(line, "ppid", culprit->ppid);
	json_line_seconds(line, "start_time", to_wall(&alert->frame, culprit->start_ns));
	json_line_string(line, "comm", culprit->comm);
	put_text(line, "exe", alert->texts[ALERT_EXE]);
	put_text(line, "args", alert->texts[ALERT_ARGS]);
	json_line_u64(line, "uid", culprit->uid);
	put_text(line, "cgroup", alert->texts[ALERT_CGROUP]);
	put_text(line, "unit", alert->texts[ALERT_UNIT]);
	put_text(line, "container", alert->texts[ALERT_CONTAINER]);
	json_line_u64(line, "root_pid", alert->frame.root_tgid);
	put_text(line, "root_comm", alert->texts[ALERT_ROOT_COMM]);
	json_line_close(line, '}');
}

int alert_json(const struct engine_alert *alert, char *out, size_t size)
{
	const struct alert *frame = &alert->frame;
	struct json_line line;
	char id[48];

	snprintf(id, sizeof(id), "%" PRIx64 "-%" PRIu64, frame->epoch, frame->counter);
	json_line_init(&line, out, size);
	json_line_open(&line, NULL, '{');
	json_line_string(&line, "id", id);
	json_line_seconds(&line, "timestamp", frame->wall_ns);
	put_text(&line, "rule", alert->texts[ALERT_RULE]);
	json_line_string(&line, "severity", severity_name(frame->severity));
	put_text(&line, "message", alert->texts[ALERT_MESSAGE]);
	put_text(&line, "host", alert->texts[ALERT_HOST]);
	put_culprit(&line, alert);
	json_line_number(&line, "value", frame->value, VALUE_DIGITS);
	json_line_number(&line, "threshold", frame->threshold, VALUE_DIGITS);
	json_line_seconds(&line, "since", frame->since_wall_ns);
	put_text(&line, "incident_id", alert->texts[ALERT_INCIDENT]);
	json_line_close(&line, '}');
	return line.full ? -ENOBUFS : 0;
}
