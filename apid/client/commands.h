/* SPDX-License-Identifier: AGPL-3.0-only */
/* The commands: one table, from which parsing, help and the manual's test follow. */
#pragma once

#include "apid/client/client.h"

struct command {
	const char *name;
	const char *operands; /* for the help: "INCIDENT" */
	unsigned operand_count;
	unsigned options;  /* ARG_BIT() of those it takes besides the global ones */
	unsigned required; /* of them */
	const char *summary;
	int (*run)(const struct client *client); /* enum exit_code */
};

const struct command *command_find(const char *name);

/* Has the command what it needs, and nothing else? EXIT_OK or EXIT_USAGE (said). */
int command_check(const struct command *command, const struct arguments *arguments);

void commands_help(void);
void command_help(const struct command *command);

int cmd_status(const struct client *client);
int cmd_whoami(const struct client *client);
int cmd_alerts(const struct client *client);
int cmd_stream(const struct client *client);
int cmd_incidents(const struct client *client);
int cmd_show(const struct client *client);
int cmd_actions(const struct client *client);
int cmd_approve(const struct client *client);
int cmd_reject(const struct client *client);
int cmd_hold(const struct client *client);
int cmd_resume(const struct client *client);
int cmd_rules(const struct client *client);
int cmd_mute(const struct client *client);
int cmd_record(const struct client *client);
int cmd_backtest(const struct client *client);
int cmd_check_config(const struct client *client);
int cmd_demo(const struct client *client);
