/* SPDX-License-Identifier: AGPL-3.0-only */
/* record, check-config: what a daemon does. */
#include "apid/client/commands.h"
#include "apid/client/sibling.h"

int cmd_record(const struct client *client)
{
	char *const argv[] = {
		"linnix-collectord", "--record", (char *)client_operand(client, 1), NULL};

	return sibling_exec(argv);
}

/* Each daemon checks the whole file; ruled also the rules that it names. */
int cmd_check_config(const struct client *client)
{
	const char *config = client_value(client, CONFIG);
	char *const argv[] = {
		"linnix-ruled", "--check-config", config ? "--config" : NULL, (char *)config, NULL};

	return sibling_exec(argv);
}
