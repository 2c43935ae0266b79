/* SPDX-License-Identifier: AGPL-3.0-only */
/* incidents, show */
#include <stdio.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/evidence.h"
#include "apid/client/fields.h"
#include "apid/client/lists.h"
#include "apid/client/table.h"

static const struct column columns[] = {
	{"ID", false, false},
	{"STATUS", false, true},
	{"SEVERITY", false, true},
	{"OPENED", false, false},
	{"CLEARED", false, false},
	{"ALERTS", true, false},
	{"RULE", false, false},
	{"PID", true, false},
	{"CULPRIT", false, false},
};

static int print_incidents(const struct client *client, const json_t *incidents)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];
	const json_t *incident;
	size_t i;

	table_init(&table, columns, ARRAY_LEN(columns));
	json_array_foreach(incidents, i, incident)
	{
		table_cell(&table, field_string(incident, "id"));
		table_cell(&table, field_string(incident, "status"));
		table_cell(&table, field_string(incident, "severity"));
		table_cell(&table, show_time(incident, "opened_at", text));
		table_cell(&table, show_time(incident, "cleared_at", text));
		table_cell(&table, evidence_count(field(incident, "alerts"), text));
		table_cell(&table, field_string(incident, "rule"));
		table_cell(&table, show_number(incident, "culprit.pid", text));
		table_cell(&table, field_string(incident, "culprit.comm"));
	}
	table_print(&table, stdout, &client->terminal);
	return EXIT_OK;
}

int cmd_incidents(const struct client *client)
{
	return list_ask(client, "/incidents", print_incidents);
}

int cmd_show(const struct client *client)
{
	_cleanup_(reply_done) struct reply reply = {0};
	char path[512] = "/incidents/";
	int r;

	if (url_append(path, sizeof(path), client_operand(client, 1)) < 0)
		return fail_usage("no incident has so long a name");
	r = ask(client, path, NULL, &reply);
	if (r != EXIT_OK)
		return r;
	if (client->json)
		return say_json(reply.body);
	evidence_print(reply.json, stdout, &client->terminal);
	return EXIT_OK;
}
