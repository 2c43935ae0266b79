/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json_line.h"
#include "common/text.h"

static const struct {
	const char *name, *message_id;
} kinds[AUDIT_KIND_COUNT] = {
#define KIND(symbol, name, message_id) [AUDIT_##symbol] = {name, message_id},
	AUDIT_KINDS(KIND)
#undef KIND
};

const char *audit_kind_name(enum audit_kind kind)
{
	return kinds[kind].name;
}

const char *audit_message_id(enum audit_kind kind)
{
	return kinds[kind].message_id;
}

struct line {
	char *text;
	size_t used;
};

static void add(struct line *line, const char *fmt, ...) printf_like(2, 3);
static void add(struct line *line, const char *fmt, ...)
{
	size_t room = AUDIT_TEXT_BYTES - line->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line->text + line->used, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		line->used += MIN((size_t)n, room - 1);
}

/* A value that could be taken for the next part of the line stands in quotes; a quote inside
 * becomes \x22. */
static void add_value(struct line *line, const char *value, bool quoted)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+:/";
	char one[8];

	quoted = quoted || value[strspn(value, plain)] != '\0' || value[0] == '\0';
	add(line, quoted ? "\"" : "");
	for (size_t len = strlen(value); len > 0;) {
		size_t n = *value == '"' ? 0 : text_utf8_length(value, len);

		if (n > 0)
			add(line, "%.*s", (int)n, value);
		else if (*value == '"')
			add(line, "\\x22");
		else if (text_escape(value, 1, one, sizeof(one)) > 0)
			add(line, "%s", one);
		value += n ? n : 1;
		len -= n ? n : 1;
	}
	add(line, quoted ? "\"" : "");
}

static void add_text(struct line *line, const char *before, const char *value, bool quoted)
{
	if (value[0] == '\0')
		return;
	add(line, "%s", before);
	add_value(line, value, quoted);
}

size_t audit_text(const struct audit_event *event, char text[AUDIT_TEXT_BYTES])
{
	struct line line = {.text = text};

	add(&line, "[linnix_audit] %s", kinds[event->kind].name);
	if (event->action != 0)
		add(&line, " action-%" PRIu64, event->action);
	add_text(&line, " ", event->what, false);
	add_text(&line, " by ", event->label, false);
	if (event->uid_known)
		add(&line, " uid=%u", event->uid);
	add_text(&line, " user=", event->user, false);
	add_text(&line, " via=", event->via ? event->via : "", false);
	add_text(&line, " signal=", event->signal ? event->signal : "", false);
	if (event->pid != 0)
		add(&line, " pid=%u", event->pid);
	add_text(&line, " comm=", event->comm, true);
	add_text(&line, " rule=", event->rule, false);
	if (event->members != 0)
		add(&line, " members=%u", event->members);
	if (event->after_known)
		add(&line, " after_ms=%" PRIu64, event->after_ms);
	add_text(&line, " reason=", event->reason, true);
	return line.used;
}

static void add_member(struct json_line *line, const char *key, const char *value)
{
	if (value && value[0] != '\0')
		json_line_string(line, key, value);
}

static void add_number(struct json_line *line, const char *key, bool known, uint64_t value)
{
	if (known)
		json_line_u64(line, key, value);
}

size_t audit_json(const struct audit_event *event, char json[AUDIT_JSON_BYTES])
{
	struct json_line line;
	char id[32];

	snprintf(id, sizeof(id), "action-%" PRIu64, event->action);
	json_line_init(&line, json, AUDIT_JSON_BYTES - CHAIN_SEAL_BYTES);
	json_line_open(&line, NULL, '{');
	json_line_seconds(&line, "time", event->wall_ns);
	json_line_string(&line, "kind", kinds[event->kind].name);
	add_member(&line, "action", event->action ? id : NULL);
	add_member(&line, "by", event->label);
	add_member(&line, "what", event->what);
	add_number(&line, "uid", event->uid_known, event->uid);
	add_member(&line, "user", event->user);
	add_member(&line, "via", event->via);
	add_member(&line, "signal", event->signal);
	add_number(&line, "pid", event->pid != 0, event->pid);
	add_member(&line, "comm", event->comm);
	add_member(&line, "rule", event->rule);
	add_number(&line, "members", event->members != 0, event->members);
	add_number(&line, "after_ms", event->after_known, event->after_ms);
	add_member(&line, "reason", event->reason);
	json_line_close(&line, '}');
	assert(!line.full);
	return line.used;
}
