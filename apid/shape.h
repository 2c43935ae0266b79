/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Frames as the JSON users see. Untrusted text is escaped here, once, by the rule of text.h.
 * Members stand in the order in which they are documented. Builds; never reads a clock or a file:
 * what needs looking up is handed in.
 */
#pragma once

#include <jansson.h>

#include "common/base.h"
#include "proto/frame.h"

/* An object being built, member by member. */
struct shape {
	json_t *object;
	bool failed;
};

struct shape shape_begin(void);

/* Takes @value; NULL makes the whole fail. */
void shape_put(struct shape *shape, const char *key, json_t *value);

/* The object, or NULL if anything failed. */
json_t *shape_end(struct shape *shape);

/* The name of a user; writes into @buffer and returns it. */
typedef const char *(*shape_user)(uid_t uid, char *buffer, size_t size);

/* Text as a JSON string. */
json_t *shape_text(struct text text);

/* The same, null where it is empty. */
json_t *shape_text_or_null(struct text text);

/* Nanoseconds since 1970 as seconds with microseconds; null for 0. */
json_t *shape_seconds(uint64_t wall_ns);

/* COMM_BYTES of a comm, with or without a NUL at their end. */
json_t *shape_comm(const char *comm);

/* The name of a user. */
json_t *shape_uid(shape_user user, uid_t uid);

/* A number; null where it is none JSON has (trust: not every double was checked). */
json_t *shape_number(double value);

json_t *shape_count(uint64_t value);

/* "action-N", null for 0. */
json_t *shape_action_id(uint64_t action);

/* @frame: ALERT. NULL when memory is short; owned by the caller. */
json_t *shape_alert(const struct frame *frame, shape_user user);

/* Adds what an ALERT_NOTE says to an alert: the action (0: none) and why there is none. */
int shape_alert_note(json_t *alert, uint64_t action, struct text refused);

/*
 * @frame: ACTION. Its gates, members and proofs are added with the next three, in the order they
 * come.
 * @wall_offset_ns: wall clock minus boot time.
 */
json_t *shape_action(const struct frame *frame, int64_t wall_offset_ns);
int shape_action_gate(json_t *action, const struct frame *frame);
int shape_action_member(json_t *action, const struct frame *frame, shape_user user);
int shape_action_proof(json_t *action, const struct frame *frame);

/* One line, as short as it can be; NULL when memory is short; free() it. */
char *shape_dump(const json_t *json);

void shape_decref(json_t **json);
