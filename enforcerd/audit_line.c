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

enum audit_kind audit_kind_of(struct text name)
{
	enum audit_kind kind = 0;

	while (kind < AUDIT_KIND_COUNT &&
		(strlen(kinds[kind].name) != name.len ||
			memcmp(kinds[kind].name, name.data, name.len) != 0))
		kind++;
	return kind;
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

/* What may stand in a line: a text if it is not empty, or a number if there is one. */
struct member {
	const char *key;    /* in JSON */
	const char *before; /* in the line for people */
	const char *text;   /* NULL: a number */
	bool quoted;	    /* by others chosen: always in quotes */
	bool known;
	uint64_t number;
	const char *unit; /* of the number, in the line for people; NULL: none */
	bool leads;	  /* what the line for people begins with */
};

#define MEMBERS 13

/* In JSON's order, which audit_past.c relies on: "by" follows "action"; uid, user, via, comm or
 * rule and for_secs follow that of a mute. */
static void list_members(const struct audit_event *e, struct member members[MEMBERS])
{
	static const char *const vias[PEER_KINDS] = {
		[PEER_NOBODY] = "", [PEER_UNIX] = "unix", [PEER_TCP] = "tcp"};
	const bool proven = e->by.kind != PEER_NOBODY, mute = e->kind == AUDIT_MUTED;
	const struct member list[MEMBERS] = {
		{"by", " by ", .text = e->by.label},
		{"what", " ", .text = e->what ? e->what : ""},
		{"uid", " uid=", .known = proven, .number = e->by.uid},
		{"user", " user=", .text = e->by.user},
		{"via", " via=", .text = vias[e->by.kind]},
		{"signal", " signal=", .text = e->signal ? e->signal : ""},
		{"pid", " pid=", .known = e->pid != 0, .number = e->pid},
		{"comm", " comm=", .text = e->comm, .quoted = true, .leads = mute},
		{"rule", " rule=", .text = e->rule, .leads = mute},
		{"for_secs", " for=", .known = e->for_known, .number = e->for_secs, .unit = "s",
			.leads = mute},
		{"members", " members=", .known = e->members != 0, .number = e->members},
		{"after_ms", " after_ms=", .known = e->after_known, .number = e->after_ms},
		{"reason", " reason=", .text = e->reason, .quoted = true},
	};

	memcpy(members, list, sizeof(list));
}

/* Those members that lead, or the others. */
static void add_members(struct line *line, const struct member members[MEMBERS], bool leads)
{
	for (const struct member *m = members; m < members + MEMBERS; m++) {
		if (m->leads != leads || (m->text ? m->text[0] == '\0' : !m->known))
			continue;
		add(line, "%s", m->before);
		if (m->text)
			add_value(line, m->text, m->quoted);
		else
			add(line, "%" PRIu64 "%s", m->number, m->unit ? m->unit : "");
	}
}

size_t audit_text(const struct audit_event *event, char text[AUDIT_TEXT_BYTES])
{
	struct line line = {.text = text};
	struct member members[MEMBERS];

	list_members(event, members);
	add(&line, "[linnix_audit] %s", kinds[event->kind].name);
	if (event->action != 0)
		add(&line, " action-%" PRIu64, event->action);
	add_members(&line, members, true);
	add_members(&line, members, false);
	return line.used;
}

size_t audit_json(const struct audit_event *event, char json[AUDIT_JSON_BYTES])
{
	struct member members[MEMBERS];
	struct json_line line;
	char id[32];

	list_members(event, members);
	snprintf(id, sizeof(id), "action-%" PRIu64, event->action);
	json_line_init(&line, json, AUDIT_JSON_BYTES - CHAIN_SEAL_BYTES);
	json_line_open(&line, NULL, '{');
	json_line_seconds(&line, "time", event->wall_ns);
	json_line_string(&line, "kind", kinds[event->kind].name);
	if (event->action != 0)
		json_line_string(&line, "action", id);
	for (const struct member *m = members; m < members + MEMBERS; m++) {
		if (m->text && m->text[0] != '\0')
			json_line_string(&line, m->key, m->text);
		else if (!m->text && m->known)
			json_line_u64(&line, m->key, m->number);
	}
	json_line_close(&line, '}');
	assert(!line.full);
	return line.used;
}
