/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/shape.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "apid/names.h"
#include "common/cgroup_name.h"
#include "common/text.h"

#define ESCAPED_MAX 32768 /* a tail is at most 8 KiB, an escape four bytes */

struct shape shape_begin(void)
{
	return (struct shape){.object = json_object()};
}

void shape_put(struct shape *shape, const char *key, json_t *value)
{
	if (json_object_set_new(shape->object, key, value) < 0)
		shape->failed = true;
}

json_t *shape_end(struct shape *shape)
{
	if (!shape->failed)
		return TAKE_PTR(shape->object);
	json_decref(TAKE_PTR(shape->object));
	return NULL;
}

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

json_t *shape_comm(const char *comm)
{
	return shape_text((struct text){comm, strnlen(comm, COMM_BYTES)});
}

json_t *shape_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *shape_count(uint64_t value)
{
	return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

json_t *shape_uid(shape_user user, uid_t uid)
{
	char buffer[64];

	return shape_text(text_of(user(uid, buffer, sizeof(buffer))));
}

json_t *shape_action_id(uint64_t action)
{
	return action ? json_sprintf("action-%llu", (unsigned long long)action) : json_null();
}

/* What the cgroup's path says beyond the alert's own texts. */
static void put_container(struct shape *s, struct text cgroup)
{
	struct cgroup_name name;

	cgroup_name_of(cgroup, &name);
	shape_put(s, "container_runtime", shape_text_or_null(text_of(name.runtime)));
	shape_put(s, "pod", shape_text_or_null(text_of(name.pod)));
}

static json_t *culprit(const struct frame *frame, const struct alert *alert, shape_user user)
{
	const struct process *process = &alert->culprit;
	struct shape s;

	if (process->tgid == 0)
		return json_null();
	s = shape_begin();
	shape_put(&s, "pid", json_integer(process->tgid));
	/* Start times are boot time: the alert itself says where the wall clock stood. */
	shape_put(&s, "start_time",
		shape_seconds(alert->wall_ns - alert->time_ns + process->start_ns));
	shape_put(&s, "comm", shape_comm(process->comm));
	shape_put(&s, "exe", shape_text_or_null(frame_text(frame, ALERT_EXE)));
	shape_put(&s, "args", shape_text_or_null(frame_text(frame, ALERT_ARGS)));
	shape_put(&s, "user", shape_uid(user, process->uid));
	shape_put(&s, "uid", json_integer(process->uid));
	shape_put(&s, "cgroup", shape_text_or_null(frame_text(frame, ALERT_CGROUP)));
	shape_put(&s, "unit", shape_text_or_null(frame_text(frame, ALERT_UNIT)));
	shape_put(&s, "container", shape_text_or_null(frame_text(frame, ALERT_CONTAINER)));
	put_container(&s, frame_text(frame, ALERT_CGROUP));
	shape_put(&s, "root_pid", json_integer(alert->root_tgid));
	return shape_end(&s);
}

static json_t *alert_id(const struct alert *alert)
{
	return json_sprintf(
		"%llx-%llu", (unsigned long long)alert->epoch, (unsigned long long)alert->counter);
}

json_t *shape_alert(const struct frame *frame, shape_user user)
{
	const struct alert *alert = frame->payload;
	struct shape s = shape_begin();

	shape_put(&s, "id", alert_id(alert));
	shape_put(&s, "timestamp", shape_seconds(alert->wall_ns));
	shape_put(&s, "rule", shape_text(frame_text(frame, ALERT_RULE)));
	shape_put(&s, "severity", json_string(name_severity(alert->severity)));
	shape_put(&s, "message", shape_text(frame_text(frame, ALERT_MESSAGE)));
	shape_put(&s, "host", shape_text(frame_text(frame, ALERT_HOST)));
	shape_put(&s, "culprit", culprit(frame, alert, user));
	shape_put(&s, "value", json_real(alert->value));
	shape_put(&s, "threshold", json_real(alert->threshold));
	shape_put(&s, "since", shape_seconds(alert->since_wall_ns));
	shape_put(&s, "incident_id", shape_text_or_null(frame_text(frame, ALERT_INCIDENT)));
	shape_put(&s, "action", json_null());
	shape_put(&s, "action_refused", json_null());
	return shape_end(&s);
}

int shape_alert_note(json_t *alert, uint64_t action, struct text refused)
{
	int r = json_object_set_new(alert, "action", shape_action_id(action));

	r |= json_object_set_new(alert, "action_refused", shape_text_or_null(refused));
	return r < 0 ? -ENOMEM : 0;
}

static json_t *target(
	const struct frame *frame, const struct action *action, int64_t wall_offset_ns)
{
	struct shape s = shape_begin();

	shape_put(&s, "pid", json_integer(action->pid));
	shape_put(&s, "start_time", shape_seconds(action->start_ns + (uint64_t)wall_offset_ns));
	shape_put(&s, "comm", shape_text(frame_text(frame, ACTION_COMM)));
	shape_put(&s, "exe", shape_text_or_null(frame_text(frame, ACTION_EXE)));
	shape_put(&s, "args", shape_text_or_null(frame_text(frame, ACTION_ARGS)));
	shape_put(&s, "user", shape_text(frame_text(frame, ACTION_USER)));
	shape_put(&s, "cgroup", shape_text_or_null(frame_text(frame, ACTION_CGROUP)));
	shape_put(&s, "unit", shape_text_or_null(frame_text(frame, ACTION_UNIT)));
	shape_put(&s, "container", shape_text_or_null(frame_text(frame, ACTION_CONTAINER)));
	shape_put(&s, "identity", json_string(action->identity_strong ? "strong" : "weak"));
	shape_put(&s, "tree_size", json_integer(action->tree_size));
	shape_put(&s, "tree", json_array());
	return shape_end(&s);
}

/* What is to be done, to whom. */
static json_t *deed(const struct action *action)
{
	struct shape s = shape_begin();

	shape_put(&s, "type", json_string(name_action(action->type)));
	shape_put(&s, "pid", json_integer(action->pid));
	shape_put(&s, "signal", json_integer(action->signal));
	return shape_end(&s);
}

json_t *shape_action(const struct frame *frame, int64_t wall_offset_ns)
{
	const struct action *action = frame->payload;
	struct shape s = shape_begin();

	shape_put(&s, "id", shape_action_id(action->action));
	shape_put(&s, "action", deed(action));
	shape_put(&s, "status", json_string(name_status(action->status)));
	shape_put(&s, "reason", shape_text(frame_text(frame, ACTION_REASON)));
	shape_put(&s, "rule", shape_text(frame_text(frame, ACTION_RULE)));
	shape_put(&s, "incident_id", shape_text_or_null(frame_text(frame, ACTION_INCIDENT)));
	shape_put(&s, "target", target(frame, action, wall_offset_ns));
	shape_put(&s, "gates", json_array());
	shape_put(&s, "created_at", shape_seconds(action->created_wall_ns));
	shape_put(&s, "expires_at", shape_seconds(action->expires_wall_ns));
	shape_put(&s, "approved_by", json_null());
	shape_put(&s, "approver_proof", json_array());
	shape_put(&s, "executed_at", shape_seconds(action->executed_wall_ns));
	shape_put(&s, "outcome", shape_text_or_null(frame_text(frame, ACTION_OUTCOME)));
	return shape_end(&s);
}

static int append(json_t *array, json_t *member)
{
	return json_array_append_new(array, member) < 0 ? -ENOMEM : 0;
}

int shape_action_gate(json_t *action, const struct frame *frame)
{
	const struct action_gate *gate = frame->payload;
	struct shape s = shape_begin();

	shape_put(&s, "name", shape_text(frame_text(frame, 0)));
	shape_put(&s, "pass", json_boolean(gate->pass));
	shape_put(&s, "reason", shape_text(frame_text(frame, 1)));
	return append(json_object_get(action, "gates"), shape_end(&s));
}

int shape_action_member(json_t *action, const struct frame *frame, shape_user user)
{
	const struct action_member *member = frame->payload;
	json_t *tree = json_object_get(json_object_get(action, "target"), "tree");
	struct shape s = shape_begin();

	shape_put(&s, "pid", json_integer(member->pid));
	shape_put(&s, "ppid", json_integer(member->ppid));
	shape_put(&s, "comm", shape_text(frame_text(frame, 0)));
	shape_put(&s, "args", shape_text_or_null(frame_text(frame, 1)));
	shape_put(&s, "user", shape_uid(user, member->uid));
	shape_put(&s, "uid", json_integer(member->uid));
	return append(tree, shape_end(&s));
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
	struct shape s = shape_begin();

	shape_put(&s, "kind", json_string(name_peer(proof->kind)));
	shape_put(&s, "uid", json_integer(proof->uid));
	shape_put(&s, "user", shape_text(frame_text(frame, 1)));
	if (append(json_object_get(action, "approver_proof"), shape_end(&s)) < 0) {
		json_decref(by);
		return -ENOMEM;
	}
	return json_object_set_new(action, "approved_by", by) < 0 ? -ENOMEM : 0;
}
