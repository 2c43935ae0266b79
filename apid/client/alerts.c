/* SPDX-License-Identifier: AGPL-3.0-only */
/* alerts, stream */
#include <string.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/fields.h"
#include "apid/client/follow.h"
#include "apid/client/lists.h"
#include "apid/client/table.h"

static const struct column columns[] = {
	{"TIME", false, false},
	{"SEVERITY", false, true},
	{"RULE", false, false},
	{"PID", true, false},
	{"ACTION", false, false},
	{"MESSAGE", false, false},
};

static int print_alerts(const struct client *client, const json_t *alerts)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];
	const json_t *alert;
	size_t i;

	table_init(&table, columns, ARRAY_LEN(columns));
	json_array_foreach(alerts, i, alert)
	{
		table_cell(&table, show_time(alert, "timestamp", text));
		table_cell(&table, field_string(alert, "severity"));
		table_cell(&table, field_string(alert, "rule"));
		table_cell(&table, show_number(alert, "culprit.pid", text));
		table_cell(&table, field_string(alert, "action"));
		table_cell(&table, field_string(alert, "message"));
	}
	table_print(&table, stdout, &client->terminal);
	return EXIT_OK;
}

static void put_word(const struct client *client, const char *word)
{
	const char *color = client->terminal.color && word ? color_of(word) : "";

	fputs(color, stdout);
	put_text(stdout, word ? word : "-");
	fputs(*color ? COLOR_END : "", stdout);
}

/* What is followed is told in lines: a table's widths are known at its end only. */
static void print_alert(const struct client *client, const json_t *alert)
{
	const char *rule = field_string(alert, "rule"), *message = field_string(alert, "message");
	const char *action = field_string(alert, "action");
	char text[FIELD_TEXT_SIZE];

	printf("%s ", show_time(alert, "timestamp", text));
	put_word(client, field_string(alert, "severity"));
	putchar(' ');
	put_text(stdout, rule ? rule : "-");
	fputs(": ", stdout);
	put_text(stdout, message ? message : "-");
	if (action) {
		fputs(" (", stdout);
		put_text(stdout, action);
		putchar(')');
	}
	putchar('\n');
}

struct following {
	const struct client *client;
	unsigned left; /* 0: no end */
};

static bool is_wanted(const struct client *client, const json_t *alert)
{
	const char *severity = client_value(client, SEVERITY), *rule = client_value(client, RULE);
	const char *has_severity = field_string(alert, "severity"),
		   *has_rule = field_string(alert, "rule");

	if (severity && (!has_severity || strcmp(severity, has_severity) != 0))
		return false;
	return !rule || (has_rule && strcmp(rule, has_rule) == 0);
}

static int on_alert(void *ctx, const struct sse_event *event)
{
	struct following *following = ctx;
	_cleanup_(json_decrefp) json_t *alert = json_loadb(event->data, event->len, 0, NULL);

	if (!alert || strcmp(event->type, "alert") != 0 || !is_wanted(following->client, alert))
		return 0;
	if (following->client->json)
		(void)say_json(event->data);
	else
		print_alert(following->client, alert);
	if (fflush(stdout) != 0)
		return 1;
	return following->left > 0 && --following->left == 0;
}

int cmd_alerts(const struct client *client)
{
	struct following following = {.client = client};
	int r = list_limit(client, &following.left);

	if (r != EXIT_OK)
		return r;
	if (client_value(client, FOLLOW))
		return follow(client, "/alerts", on_alert, &following);
	return list_ask(client, "/alerts", print_alerts);
}

/* One line for whatever there is: what names it, what it says. */
static void print_event(
	const struct client *client, const struct sse_event *event, const json_t *json)
{
	static const char *const parts[] = {
		"id", "status", "rule", "culprit.comm", "comm", "message", "reason", "outcome"};
	char text[FIELD_TEXT_SIZE];

	if (strcmp(event->type, "alert") == 0) {
		fputs("alert    ", stdout);
		print_alert(client, json);
		return;
	}
	put_text(stdout, event->type);
	printf("%*s", (int)MAX(9 - (long)strlen(event->type), 1L), "");
	if (field(json, "pid"))
		printf("pid %s ", show_number(json, "pid", text));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *part = field_string(json, parts[i]);

		if (!part)
			continue;
		put_text(stdout, part);
		putchar(' ');
	}
	putchar('\n');
}

static void say_event(const struct sse_event *event, json_t *data)
{
	_cleanup_(json_decrefp) json_t *json =
		json_pack("{s:s, s:s, s:O}", "id", event->id, "event", event->type, "data", data);
	_cleanup_free_ char *text =
		json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(16)) : NULL;

	if (text)
		(void)say_json(text);
}

static int on_event(void *ctx, const struct sse_event *event)
{
	const struct client *client = ctx;
	_cleanup_(json_decrefp) json_t *json =
		json_loadb(event->data, event->len, JSON_DECODE_ANY, NULL);

	if (!json)
		return 0;
	if (client->json) {
		say_event(event, json);
	} else {
		print_event(client, event, json);
	}
	return fflush(stdout) != 0;
}

int cmd_stream(const struct client *client)
{
	char path[256] = "/stream";
	const char *types = client_value(client, TYPES);

	if (types) {
		strcat(path, "?types=");
		if (url_append(path, sizeof(path), types) < 0)
			return fail_usage("--types is too long");
	}
	return follow(client, path, on_event, (void *)client);
}
