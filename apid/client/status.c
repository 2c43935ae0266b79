/* SPDX-License-Identifier: AGPL-3.0-only */
/* status, whoami */
#include <string.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/duration.h"
#include "apid/client/fields.h"
#include "apid/client/table.h"

static const struct column daemon_columns[] = {
	{"DAEMON", false, false},
	{"STATE", false, true},
	{"PID", true, false},
	{"UID", true, false},
	{"CPU %", true, false},
	{"MEMORY", true, false},
	{"CAPABILITIES", false, false},
};

static void put_line(const char *name, const char *text)
{
	printf("%-12s", name);
	put_text(stdout, text ? text : "-");
	putchar('\n');
}

/* The texts of an array, with @between. */
static void join(const json_t *array, const char *between, char *out, size_t size)
{
	size_t used = 0, i;
	const json_t *member;

	out[0] = '\0';
	json_array_foreach(array, i, member)
	{
		int n = snprintf(out + used, size - used, "%s%s", i ? between : "",
			json_is_string(member) ? json_string_value(member) : "?");

		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
}

static void print_daemons(const struct client *client, const json_t *daemons)
{
	_cleanup_(table_done) struct table table = {0};
	const char *name;
	const json_t *daemon;
	char text[FIELD_TEXT_SIZE], capabilities[512];

	table_init(&table, daemon_columns, ARRAY_LEN(daemon_columns));
	json_object_foreach((json_t *)daemons, name, daemon)
	{
		join(field(daemon, "capabilities"), " ", capabilities, sizeof(capabilities));
		table_cell(&table, name);
		table_cell(&table, field_true(daemon, "up") ? "up" : "down");
		table_cell(&table, show_number(daemon, "pid", text));
		table_cell(&table, show_number(daemon, "uid", text));
		table_cell(&table, show_number(daemon, "cpu_pct", text));
		table_cell(&table, show_bytes(daemon, "pss_bytes", text));
		table_cell(&table, capabilities[0] ? capabilities : "none");
	}
	putchar('\n');
	table_print(&table, stdout, &client->terminal);
}

static void print_probes(const json_t *probes)
{
	const char *name, *state;
	const json_t *probe;

	json_object_foreach((json_t *)probes, name, probe)
	{
		state = json_string_value(probe);
		if (!state || strcmp(state, "attached") == 0)
			continue;
		fputs("not attached: ", stdout);
		put_text(stdout, name);
		fputs(": ", stdout);
		put_text(stdout, state);
		putchar('\n');
	}
}

static void print_hold(const json_t *status)
{
	char text[FIELD_TEXT_SIZE], line[512];

	if (!field(status, "hold")) {
		put_line("hold", "no");
		return;
	}
	snprintf(line, sizeof(line), "by %s since %s",
		field_string(status, "hold.by") ? field_string(status, "hold.by") : "?",
		show_time(status, "hold.since", text));
	put_line("hold", line);
}

static void print_mutes(const json_t *mutes)
{
	char text[FIELD_TEXT_SIZE], line[512];
	const json_t *mute;
	size_t i;

	json_array_foreach(mutes, i, mute)
	{
		const char *kind = field_string(mute, "kind"), *what = field_string(mute, "what");
		const char *by = field_string(mute, "by");

		snprintf(line, sizeof(line), "%s %s until %s, by %s", kind ? kind : "?",
			what ? what : "?", show_time(mute, "until", text), by ? by : "?");
		put_line("muted", line);
	}
}

static void print_events(const json_t *status)
{
	char a[FIELD_TEXT_SIZE], b[FIELD_TEXT_SIZE], c[FIELD_TEXT_SIZE], line[256];

	snprintf(line, sizeof(line), "%s a second; %s generated, %s dropped",
		show_number(status, "events_per_sec", a),
		show_number(status, "totals.generated", b),
		show_number(status, "totals.dropped", c));
	put_line("events", line);
}

static void print_rules(const json_t *status)
{
	const char *error = field_string(status, "rules.error");
	char text[FIELD_TEXT_SIZE], line[768];

	snprintf(line, sizeof(line), "%s loaded%s%s", show_number(status, "rules.loaded", text),
		error ? "; the file was refused: " : "", error ? error : "");
	put_line("rules", line);
}

static void print_status(const struct client *client, const json_t *status, const json_t *ready)
{
	char text[DURATION_TEXT_SIZE], reasons[1024];

	join(field(ready, "reasons"), "; ", reasons, sizeof(reasons));
	put_line("ready", reasons[0] ? reasons : "yes");
	put_line("version", field_string(status, "version"));
	put_line("kernel", field_string(status, "kernel"));
	put_line("mode", field_string(status, "mode"));
	print_hold(status);
	print_mutes(field(status, "mutes"));
	put_line("up for", duration_text((uint64_t)MAX(field_number(status, "uptime_s"), 0), text));
	print_events(status);
	print_rules(status);
	print_probes(field(status, "probes"));
	print_daemons(client, field(status, "daemons"));
}

int cmd_status(const struct client *client)
{
	_cleanup_(reply_done) struct reply ready = {0}, status = {0};
	int r = ask_any(client, "/readyz", NULL, &ready);

	if (r == EXIT_OK)
		r = ask(client, "/status", NULL, &status);
	if (r != EXIT_OK)
		return r;
	if (client->json)
		(void)say_json(status.body);
	else
		print_status(client, status.json, ready.json);
	return ready.status == 200 ? EXIT_OK : EXIT_NO;
}

int cmd_whoami(const struct client *client)
{
	_cleanup_(reply_done) struct reply reply = {0};
	char text[FIELD_TEXT_SIZE], may[256];
	int r = ask(client, "/whoami", NULL, &reply);

	if (r != EXIT_OK)
		return r;
	if (client->json)
		return say_json(reply.body);
	join(field(reply.json, "may"), " ", may, sizeof(may));
	put_line("user", field_string(reply.json, "user"));
	put_line("uid", show_number(reply.json, "uid", text));
	put_line("known by", field_string(reply.json, "kind"));
	put_line("may", may);
	return EXIT_OK;
}
