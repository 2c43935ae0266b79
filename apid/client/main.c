/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix: the API of linnix-apid for people and scripts. Has no right that its user has not. */
#include <stdio.h>
#include <string.h>

#include "apid/client/commands.h"
#include "common/link_socket.h"

#define HOST_DEFAULT "127.0.0.1"
#define PORT_DEFAULT "3000"

/* The unix socket, then TCP. Not so where another run directory is given: that is another instance.
 */
static void default_endpoint(struct endpoint *endpoint)
{
	const char *run = getenv("LINNIX_RUN_DIR");

	*endpoint = (struct endpoint){0};
	api_socket_path(API_SOCKET_DEFAULT, endpoint->socket, sizeof(endpoint->socket));
	if (run && run[0] == '/')
		return;
	strcpy(endpoint->host, HOST_DEFAULT);
	strcpy(endpoint->port, PORT_DEFAULT);
}

static int choose_endpoint(struct client *client)
{
	const char *url = client_value(client, URL), *path = client_value(client, SOCKET);
	struct endpoint *endpoint = &client->endpoint;

	default_endpoint(endpoint);
	if (url && path)
		return fail_usage("--url and --socket exclude each other");
	if (url && endpoint_url(endpoint, url) < 0)
		return fail_usage("--url is http://HOST[:PORT], not '%s'", url);
	if (!path)
		return EXIT_OK;
	*endpoint = (struct endpoint){0};
	if (!*path || strlen(path) >= sizeof(endpoint->socket))
		return fail_usage("--socket: the path is empty or too long");
	strcpy(endpoint->socket, path);
	return EXIT_OK;
}

static int print_version(void)
{
	printf("linnix %s\n", LINNIX_VERSION);
	return EXIT_OK;
}

static int run(struct client *client)
{
	const struct arguments *arguments = &client->arguments;
	const struct command *command;
	int r;

	if (client_value(client, VERSION))
		return print_version();
	if (arguments->operands == 0 && client_value(client, HELP))
		return commands_help(), EXIT_OK;
	if (arguments->operands == 0)
		return fail_usage("which command?");
	command = command_find(arguments->operand[0]);
	if (!command)
		return fail_usage("there is no command '%s'", arguments->operand[0]);
	if (client_value(client, HELP))
		return command_help(command), EXIT_OK;
	r = command_check(command, arguments);
	if (r == EXIT_OK)
		r = choose_endpoint(client);
	return r == EXIT_OK ? command->run(client) : r;
}

int main(int argc, char **argv)
{
	struct client client = {0};
	char why[256];
	int r;

	if (arguments_parse(&client.arguments, argc, argv, why, sizeof(why)) < 0)
		return fail_usage("%s", why);
	client.json = client_value(&client, JSON);
	terminal_init(&client.terminal, client_value(&client, NO_COLOR));
	r = run(&client);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r == EXIT_OK)
		r = fail("standard output cannot be written");
	return r;
}
