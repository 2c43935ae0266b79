/* SPDX-License-Identifier: AGPL-3.0-only */
/* actions, approve, reject, hold, resume */
#include <stdio.h>
#include <string.h>

#include "apid/client/commands.h"
#include "apid/client/decision.h"
#include "apid/client/fields.h"
#include "apid/client/lists.h"
#include "apid/client/table.h"

static const struct column columns[] = {
	{"ID", false, false},
	{"STATUS", false, true},
	{"CREATED", false, false},
	{"EXPIRES", false, false},
	{"TYPE", false, false},
	{"PID", true, false},
	{"COMM", false, false},
	{"USER", false, false},
	{"RULE", false, false},
	{"GATES", false, false},
	{"REASON", false, false},
};

/* The first gate that holds it, or "pass". */
static const char *gate_of(const json_t *action)
{
	const json_t *gates = field(action, "gates"), *gate;
	size_t i;

	json_array_foreach(gates, i, gate) if (!field_true(gate, "pass")) return field_string(
		gate, "name");
	return json_array_size(gates) ? "pass" : NULL;
}

static int print_actions(const struct client *client, const json_t *actions)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];
	const json_t *action;
	size_t i;

	table_init(&table, columns, ARRAY_LEN(columns));
	json_array_foreach(actions, i, action)
	{
		table_cell(&table, field_string(action, "id"));
		table_cell(&table, field_string(action, "status"));
		table_cell(&table, show_time(action, "created_at", text));
		table_cell(&table, show_time(action, "expires_at", text));
		table_cell(&table, field_string(action, "action.type"));
		table_cell(&table, show_number(action, "action.pid", text));
		table_cell(&table, field_string(action, "target.comm"));
		table_cell(&table, field_string(action, "target.user"));
		table_cell(&table, field_string(action, "rule"));
		table_cell(&table, gate_of(action));
		table_cell(&table, field_string(action, "reason"));
	}
	table_print(&table, stdout, &client->terminal);
	return EXIT_OK;
}

int cmd_actions(const struct client *client)
{
	return list_ask(client, "/actions", print_actions);
}

static void print_action(const json_t *action)
{
	static const char *const members[] = {"id", "status", "outcome"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *text = field_string(action, members[i]);

		if (!text)
			continue;
		fputs(i ? " " : "", stdout);
		put_text(stdout, text);
	}
	putchar('\n');
}

static int decide(const struct client *client, const char *verb)
{
	const char *id = client_operand(client, 1);
	bool number = id[strspn(id, "0123456789")] == '\0';
	char path[512] = "/actions/";

	strcat(path, number ? "action-" : "");
	if (!*id || url_append(path, sizeof(path) - 16, id) < 0)
		return fail_usage("an action is named action-1 or 1");
	strcat(path, verb);
	return decision_post(client, path, json_object(), print_action);
}

int cmd_approve(const struct client *client)
{
	return decide(client, "/approve");
}

int cmd_reject(const struct client *client)
{
	return decide(client, "/reject");
}

static void print_hold(const json_t *answer)
{
	const char *by = field_string(answer, "hold.by");

	if (!field(answer, "hold")) {
		puts("no hold");
		return;
	}
	fputs("held by ", stdout);
	put_text(stdout, by ? by : "?");
	putchar('\n');
}

int cmd_hold(const struct client *client)
{
	return decision_post(client, "/enforcement/hold", json_object(), print_hold);
}

int cmd_resume(const struct client *client)
{
	return decision_post(client, "/enforcement/resume", json_object(), print_hold);
}
