/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/shape.h"

#include <errno.h>
#include <string.h>

#include "apid/names.h"
#include "common/text.h"

#define ESCAPED_MAX 32768 /* a tail is at most 8 KiB, an escape four bytes */
#define ID_BYTES 48

json_t *shape_text(struct text text)
{
	char escaped[ESCAPED_MAX];
	size_t len = text_escape(text.data, text.len, escaped, sizeof(escaped));

	return json_stringn(escaped, len);
}

json_t *shape_text_or_null(struct text text)
{
	return text.len ? shape_text(text) : json_null();
}

json_t *shape_seconds(uint64_t wall_ns)
{
	return wall_ns ? json_real((double)(wall_ns / 1000) / 1e6) : json_null();
}

void shape_decref(json_t **json)
{
	json_decref(*json);
}

char *shape_dump(const json_t *json)
{
	/* 16 digits: what a double surely holds of seconds since 1970 with microseconds. */
	return json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(16));
}

/* COMM is NUL-padded. */
static struct text comm_text(const char comm[COMM_BYTES])
{
	return (struct text){comm, strnlen(comm, COMM_BYTES)};
}

static json_t *user_text(shape_user user, uid_t uid)
{
	char buffer[64];

	return shape_text(text_of(user(uid, buffer, sizeof(buffer))));
}

static json_t *action_id(uint64_t action)
{
	return action ? json_sprintf("action-%llu", (unsigned long long)action) : json_null();
}

static json_t *culprit(const struct frame *frame, const struct alert *alert, shape_user user)
{
	const struct process *process = &alert->culprit;

	if (process->tgid == 0)
		return json_null();
	/* Start times are boot time: the alert itself says where the wall clock stood. */
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:I}",
		"pid", (json_int_t)process->tgid,
		"start_time", shape_seconds(alert->wall_ns - alert->time_ns + process->start_ns),
		"comm", shape_text(comm_text(process->comm)),
		"exe", shape_text_or_null(frame_text(frame, ALERT_EXE)),
		"args", shape_text_or_null(frame_text(frame, ALERT_ARGS)),
		"user", user_text(user, process->uid),
		"uid", (json_int_t)process->uid,
		"cgroup", shape_text_or_null(frame_text(frame, ALERT_CGROUP)),
		"unit", shape_text_or_null(frame_text(frame, ALERT_UNIT)),
		"container", shape_text_or_null(frame_text(frame, ALERT_CONTAINER)),
		"root_pid", (json_int_t)alert->root_tgid);
}

json_t *shape_alert(const struct frame *frame, shape_user user)
{
	const struct alert *alert = frame->payload;

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:f, s:f, s:o, s:o, s:n, s:n}",
		"id", json_sprintf("%llx-%llu", (unsigned long long)alert->epoch, (unsigned long long)alert->counter),
		"timestamp", shape_seconds(alert->wall_ns),
		"rule", shape_text(frame_text(frame, ALERT_RULE)),
		"severity", name_severity(alert->severity),
		"message", shape_text(frame_text(frame, ALERT_MESSAGE)),
		"host", shape_text(frame_text(frame, ALERT_HOST)),
		"culprit", culprit(frame, alert, user),
		"value", alert->value,
		"threshold", alert->threshold,
		"since", shape_seconds(alert->since_wall_ns),
		"incident_id", shape_text_or_null(frame_text(frame, ALERT_INCIDENT)),
		"action",
		"action_refused");
}

int shape_alert_note(json_t *alert, uint64_t action, struct text refused)
{
	int r = json_object_set_new(alert, "action", action_id(action));

	r |= json_object_set_new(alert, "action_refused", shape_text_or_null(refused));
	return r < 0 ? -ENOMEM : 0;
}

static json_t *target(const struct frame *frame, const struct action *action, int64_t wall_offset_ns)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:[]}",
		"pid", (json_int_t)action->pid,
		"start_time", shape_seconds(action->start_ns + (uint64_t)wall_offset_ns),
		"comm", shape_text(frame_text(frame, ACTION_COMM)),
		"exe", shape_text_or_null(frame_text(frame, ACTION_EXE)),
		"args", shape_text_or_null(frame_text(frame, ACTION_ARGS)),
		"user", shape_text(frame_text(frame, ACTION_USER)),
		"cgroup", shape_text_or_null(frame_text(frame, ACTION_CGROUP)),
		"unit", shape_text_or_null(frame_text(frame, ACTION_UNIT)),
		"container", shape_text_or_null(frame_text(frame, ACTION_CONTAINER)),
		"identity", action->identity_strong ? "strong" : "weak",
		"tree_size", (json_int_t)action->tree_size,
		"tree");
}

json_t *shape_action(const struct frame *frame, int64_t wall_offset_ns)
{
	const struct action *action = frame->payload;

	return json_pack("{s:o, s:{s:s, s:I, s:I}, s:s, s:o, s:o, s:o, s:o, s:[], s:o, s:o, s:n, s:[], s:o, s:o}",
		"id", action_id(action->action),
		"action",
		"type", name_action(action->type),
		"pid", (json_int_t)action->pid,
		"signal", (json_int_t)action->signal,
		"status", name_status(action->status),
		"reason", shape_text(frame_text(frame, ACTION_REASON)),
		"rule", shape_text(frame_text(frame, ACTION_RULE)),
		"incident_id", shape_text_or_null(frame_text(frame, ACTION_INCIDENT)),
		"target", target(frame, action, wall_offset_ns),
		"gates",
		"created_at", shape_seconds(action->created_wall_ns),
		"expires_at", shape_seconds(action->expires_wall_ns),
		"approved_by",
		"approver_proof",
		"executed_at", shape_seconds(action->executed_wall_ns),
		"outcome", shape_text_or_null(frame_text(frame, ACTION_OUTCOME)));
}

static int append(json_t *array, json_t *member)
{
	return json_array_append_new(array, member) < 0 ? -ENOMEM : 0;
}

int shape_action_gate(json_t *action, const struct frame *frame)
{
	const struct action_gate *gate = frame->payload;

	return append(json_object_get(action, "gates"),
		json_pack("{s:o, s:b, s:o}",
			"name", shape_text(frame_text(frame, 0)),
			"pass", gate->pass != 0,
			"reason", shape_text(frame_text(frame, 1))));
}

int shape_action_member(json_t *action, const struct frame *frame, shape_user user)
{
	const struct action_member *member = frame->payload;

	return append(json_object_get(json_object_get(action, "target"), "tree"),
		json_pack("{s:I, s:I, s:o, s:o, s:o, s:I}",
			"pid", (json_int_t)member->pid,
			"ppid", (json_int_t)member->ppid,
			"comm", shape_text(frame_text(frame, 0)),
			"args", shape_text_or_null(frame_text(frame, 1)),
			"user", user_text(user, member->uid),
			"uid", (json_int_t)member->uid));
}

/* Several approvers stand behind each other. */
static json_t *approvers(const json_t *before, struct text label)
{
	json_t *name _cleanup_(shape_decref) = shape_text(label);

	if (!json_is_string(before))
		return json_incref(name);
	return json_sprintf("%s, %s", json_string_value(before), json_string_value(name));
}

int shape_action_proof(json_t *action, const struct frame *frame)
{
	const struct action_proof *proof = frame->payload;
	json_t *by = approvers(json_object_get(action, "approved_by"), frame_text(frame, 0));

	if (json_object_set_new(action, "approved_by", by) < 0)
		return -ENOMEM;
	return append(json_object_get(action, "approver_proof"),
		json_pack("{s:s, s:I, s:o}",
			"kind", name_peer(proof->kind),
			"uid", (json_int_t)proof->uid,
			"user", shape_text(frame_text(frame, 1))));
}
