/* SPDX-License-Identifier: AGPL-3.0-only */
/* rules, mute */
#include <stdio.h>
#include <string.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/decision.h"
#include "apid/client/duration.h"
#include "apid/client/fields.h"
#include "apid/client/lists.h"
#include "apid/client/table.h"

static const struct column columns[] = {
	{"RULE", false, false},
	{"STATE", false, true},
	{"SEVERITY", false, true},
	{"FIRED", true, false},
	{"LAST FIRED", false, false},
	{"MUTED UNTIL", false, false},
	{"THRESHOLD", true, false},
	{"SECONDS", true, false},
	{"SCOPE", false, false},
	{"DETECTOR", false, false},
};

static int print_rules(const struct client *client, const json_t *rules)
{
	_cleanup_(table_done) struct table table = {0};
	char text[FIELD_TEXT_SIZE];
	const json_t *rule;
	size_t i;

	table_init(&table, columns, ARRAY_LEN(columns));
	json_array_foreach(rules, i, rule)
	{
		const char *window =
			field_number(rule, "window_seconds") > 0 ? "window_seconds" : "duration";

		table_cell(&table, field_string(rule, "name"));
		table_cell(&table, field_string(rule, "state"));
		table_cell(&table, field_string(rule, "severity"));
		table_cell(&table, show_number(rule, "fired", text));
		table_cell(&table, show_time(rule, "last_fired", text));
		table_cell(&table, show_time(rule, "muted_until", text));
		table_cell(&table, show_number(rule, "threshold", text));
		table_cell(&table, show_number(rule, window, text));
		table_cell(&table, field_string(rule, "scope"));
		table_cell(&table, field_string(rule, "detector"));
	}
	table_print(&table, stdout, &client->terminal);
	return EXIT_OK;
}

int cmd_rules(const struct client *client)
{
	return list_ask(client, "/rules", print_rules);
}

/* The circuit breakers are rules of no file. */
#define BUILT_IN "circuit_breaker_"

static bool has_rule(const json_t *rules, const char *name)
{
	const json_t *rule;
	size_t i;

	if (strncmp(name, BUILT_IN, strlen(BUILT_IN)) == 0)
		return true;
	json_array_foreach(rules, i, rule)
	{
		const char *has = field_string(rule, "name");

		if (has && strcmp(has, name) == 0)
			return true;
	}
	return false;
}

static void print_muted(const json_t *answer)
{
	const char *kind = field_string(answer, "kind"), *what = field_string(answer, "what");
	char text[FIELD_TEXT_SIZE];

	put_text(stdout, kind ? kind : "");
	putchar(' ');
	put_text(stdout, what ? what : "");
	if (field(answer, "until"))
		printf(" is muted until %s\n", show_time(answer, "until", text));
	else
		puts(" is not muted any more");
}

int cmd_mute(const struct client *client)
{
	_cleanup_(reply_done) struct reply rules = {0};
	const char *name = client_operand(client, 1), *time = client_value(client, FOR);
	uint64_t seconds;
	json_t *body;
	int r;

	if (duration_parse(time, &seconds) < 0)
		return fail_usage(
			"--for is a number and s, m, h or d, as in 2h, up to 366d; not '%s'", time);
	r = ask(client, "/rules", NULL, &rules);
	if (r != EXIT_OK)
		return r;
	body = json_pack("{s:s, s:I}", has_rule(rules.json, name) ? "rule" : "culprit", name,
		"seconds", (json_int_t)seconds);
	return body ? decision_post(client, "/rules/mute", body, print_muted)
		    : fail_usage("a name is UTF-8 text");
}
