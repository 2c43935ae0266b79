/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/decision.h"

#include "apid/client/ask.h"
#include "apid/client/fields.h"
#include "common/account.h"

int decision_post(const struct client *client, const char *path, json_t *body,
	void (*print)(const json_t *answer))
{
	_cleanup_(json_decrefp) json_t *json = body;
	_cleanup_(reply_done) struct reply reply = {0};
	_cleanup_free_ char *text = NULL;
	const char *approver = client_value(client, APPROVER),
		   *reason = client_value(client, REASON);
	char name[64];
	int r;

	if (!approver)
		approver = account_name(getuid(), name, sizeof(name));
	r = json_object_set_new(json, "approver", json_string(approver));
	if (r == 0 && reason)
		r = json_object_set_new(json, "reason", json_string(reason));
	if (r < 0)
		return fail_usage("--approver and --reason are UTF-8 text");
	text = json_dumps(json, JSON_COMPACT);
	r = text ? ask(client, path, text, &reply) : fail("no memory");
	if (r != EXIT_OK)
		return r;
	if (client->json)
		return say_json(reply.body);
	print(reply.json);
	return EXIT_OK;
}
