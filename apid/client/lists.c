/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/lists.h"

#include <stdio.h>
#include <string.h>

#include "apid/client/ask.h"
#include "common/text.h"

static const enum argument params[] = {ARG_LIMIT, ARG_SEVERITY, ARG_RULE, ARG_STATUS};

int list_limit(const struct client *client, unsigned *limit)
{
	const char *text = client_value(client, LIMIT);
	uint64_t number = 0;

	if (text && (text_to_u64(text, strlen(text), 1000, &number) < 0 || number == 0))
		return fail_usage("--limit is a number from 1 to 1000, not '%s'", text);
	*limit = (unsigned)number;
	return EXIT_OK;
}

static int build(const struct client *client, const char *path, char *out, size_t size)
{
	const char *mark = "?";

	snprintf(out, size, "%s", path);
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		const char *value = client->arguments.value[params[i]];
		size_t used = strlen(out);

		if (!value)
			continue;
		snprintf(out + used, size - used, "%s%s=", mark, argument_spec(params[i])->name);
		if (url_append(out, size, value) < 0)
			return fail_usage("--%s is too long", argument_spec(params[i])->name);
		mark = "&";
	}
	return EXIT_OK;
}

int list_ask(const struct client *client, const char *path,
	int (*print)(const struct client *client, const json_t *list))
{
	_cleanup_(reply_done) struct reply reply = {0};
	unsigned limit;
	char full[2048];
	int r = list_limit(client, &limit);

	if (r == EXIT_OK)
		r = build(client, path, full, sizeof(full));
	if (r == EXIT_OK)
		r = ask(client, full, NULL, &reply);
	if (r != EXIT_OK)
		return r;
	if (client->json)
		return say_json(reply.body);
	return json_is_array(reply.json) ? print(client, reply.json)
					 : fail("the answer is no list");
}
