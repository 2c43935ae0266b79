/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/commands.h"

#include <stdio.h>
#include <string.h>

#define WHO (ARG_BIT(APPROVER) | ARG_BIT(REASON))

static const struct command commands[] = {
	{"status", NULL, 0, 0, 0, "how the suite is; exit 1 if it is not ready", cmd_status},
	{"whoami", NULL, 0, 0, 0, "who the daemon says you are, and what you may do", cmd_whoami},
	{"alerts", NULL, 0, ARG_BIT(FOLLOW) | ARG_BIT(LIMIT) | ARG_BIT(SEVERITY) | ARG_BIT(RULE), 0,
		"alerts, newest first", cmd_alerts},
	{"stream", NULL, 0, ARG_BIT(TYPES), 0, "everything that happens, as it happens",
		cmd_stream},
	{"incidents", NULL, 0, ARG_BIT(LIMIT) | ARG_BIT(SEVERITY) | ARG_BIT(RULE) | ARG_BIT(STATUS),
		0, "incidents, newest first", cmd_incidents},
	{"show", "INCIDENT", 1, 0, 0, "an incident with its evidence", cmd_show},
	{"actions", NULL, 0, ARG_BIT(STATUS), 0, "proposed actions, newest first", cmd_actions},
	{"approve", "ID", 1, WHO, 0, "let an action be carried out", cmd_approve},
	{"reject", "ID", 1, WHO, 0, "refuse an action", cmd_reject},
	{"hold", NULL, 0, WHO, 0, "stop all execution", cmd_hold},
	{"resume", NULL, 0, WHO, 0, "end a hold", cmd_resume},
	{"rules", NULL, 0, 0, 0, "the rules, their state, when each fired last", cmd_rules},
	{"mute", "RULE|CULPRIT", 1, ARG_BIT(FOR) | ARG_BIT(APPROVER), ARG_BIT(FOR),
		"no alerts of a rule, or about processes of this name", cmd_mute},
	{"record", "FILE", 1, 0, 0, "write down what the kernel reports, until SIGINT", cmd_record},
	{"backtest", "FILE", 1, ARG_BIT(RULES), ARG_BIT(RULES),
		"what rules would have said of a recording", cmd_backtest},
	{"check-config", NULL, 0, ARG_BIT(CONFIG), 0,
		"report every problem of configuration and rules", cmd_check_config},
	{"demo", "NAME", 1, 0, 0, "make a real, capped failure and wait for its alert", cmd_demo},
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

int command_check(const struct command *command, const struct arguments *arguments)
{
	for (unsigned i = 0; i < ARG_COUNT; i++) {
		const char *name = argument_spec((enum argument)i)->name;

		if (arguments->given & 1U << i && !((command->options | ARGS_GLOBAL) & 1U << i))
			return fail_usage("%s does not take --%s", command->name, name);
		if (command->required & 1U << i && !arguments->value[i])
			return fail_usage("%s needs --%s", command->name, name);
	}
	if (arguments->operands - 1 < command->operand_count)
		return fail_usage("%s needs %s", command->name, command->operands);
	if (arguments->operands - 1 > command->operand_count)
		return fail_usage(
			"unexpected argument '%s'", arguments->operand[command->operand_count + 1]);
	return EXIT_OK;
}

static void print_options(unsigned options)
{
	for (unsigned i = 0; i < ARG_COUNT; i++) {
		const struct argument_spec *spec = argument_spec((enum argument)i);
		int width;

		if (!(options & 1U << i))
			continue;
		width = printf("  --%s%s%s", spec->name, spec->argument ? " " : "",
			spec->argument ? spec->argument : "");
		printf("%*s%s\n", MAX(24 - width, 2), "", spec->help);
	}
}

static int print_call(const struct command *command)
{
	return printf("  %s%s%s", command->name, command->operands ? " " : "",
		command->operands ? command->operands : "");
}

void commands_help(void)
{
	printf("linnix: asks the Linnix daemons of this host, and tells them what people decide\n\n"
	       "Usage: linnix [OPTION…] COMMAND [ARGUMENT…]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		int width = print_call(&commands[i]);

		printf("%*s%s\n", MAX(24 - width, 2), "", commands[i].summary);
	}
	putchar('\n');
	print_options(ARGS_GLOBAL);
	printf("\n'linnix COMMAND --help' tells the options of a command.\n"
	       "Exit status: 0 yes or done, 1 no or failed, 2 wrong usage, 3 no daemon answers.\n");
}

void command_help(const struct command *command)
{
	printf("linnix %s: %s\n\nUsage: linnix %s%s%s%s\n\n", command->name, command->summary,
		command->name, command->operands ? " " : "",
		command->operands ? command->operands : "", command->options ? " [OPTION…]" : "");
	print_options(command->options);
}
