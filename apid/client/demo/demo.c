/* SPDX-License-Identifier: AGPL-3.0-only */
/* demo: one scenario or all, one line each. */
#include <stdio.h>
#include <string.h>

#include "apid/client/ask.h"
#include "apid/client/commands.h"
#include "apid/client/demo/trial.h"
#include "apid/client/fields.h"

static void say_trial(const struct scenario *scenario, const struct trial *trial)
{
	_cleanup_(json_decrefp) json_t *json =
		json_pack("{s:s, s:b}", "name", scenario->name, "pass", trial->pass);
	_cleanup_free_ char *text = NULL;

	json_object_set_new(json, "delay_ms",
		trial->pass ? json_integer((json_int_t)(trial->delay_ns / NSEC_PER_MSEC))
			    : json_null());
	json_object_set_new(json, "rule", trial->pass ? json_string(trial->rule) : json_null());
	json_object_set_new(json, "reason", trial->pass ? json_null() : json_string(trial->why));
	text = json_dumps(json, JSON_COMPACT);
	(void)say_json(text ? text : "null");
}

static void print_trial(
	const struct client *client, const struct scenario *scenario, const struct trial *trial)
{
	const char *word = trial->pass ? "PASS" : "FAIL";
	bool color = client->terminal.color;

	printf("%-14s %s%s%s ", scenario->name, color ? color_of(word) : "", word,
		color ? COLOR_END : "");
	if (trial->pass)
		printf("%llu ms ", trial->delay_ns / NSEC_PER_MSEC);
	put_text(stdout, trial->pass ? trial->rule : trial->why);
	putchar('\n');
}

/* @failed: whether it did not pass. EXIT_OK, or why it could not be tried. */
static int run_one(const struct client *client, const struct scenario *scenario, bool *failed)
{
	struct trial trial;
	int r = trial_run(client, scenario, &trial);

	if (r != EXIT_OK)
		return r;
	*failed |= !trial.pass;
	if (client->json)
		say_trial(scenario, &trial);
	else
		print_trial(client, scenario, &trial);
	fflush(stdout);
	return EXIT_OK;
}

static int refuse(const char *name)
{
	char all[256] = "";

	for (size_t i = 0; i < SCENARIOS; i++) {
		strcat(all, scenarios[i].name);
		strcat(all, ", ");
	}
	return fail_usage("demo is %sor all, not '%s'", all, name);
}

int cmd_demo(const struct client *client)
{
	const char *name = client_operand(client, 1);
	bool all = strcmp(name, "all") == 0, failed = false;
	const struct scenario *one = all ? NULL : scenario_find(name);
	int r = EXIT_OK;

	if (!all && !one)
		return refuse(name);
	for (size_t i = 0; i < SCENARIOS && r == EXIT_OK; i++)
		if (all || one == &scenarios[i])
			r = run_one(client, &scenarios[i], &failed);
	return r == EXIT_OK && failed ? EXIT_NO : r;
}
