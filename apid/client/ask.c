/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/ask.h"

#include <errno.h>
#include <string.h>

#include "apid/client/fields.h"

void reply_done(struct reply *reply)
{
	free(reply->body);
	json_decref(reply->json);
	*reply = (struct reply){0};
}

static int exchange(
	const struct client *client, const struct http_request *request, struct reply *reply)
{
	_cleanup_(http_close) struct http http = {.fd = -1};
	size_t len;
	int r = http_open(&http, &client->endpoint, request);

	if (r == 0)
		r = http_read_all(&http, &reply->body, &len);
	if (r < 0)
		return r;
	reply->status = http.head.status;
	/* trust: an answer; depth and size are bounded by jansson and HTTP_BODY_MAX */
	reply->json = json_loadb(reply->body, len, JSON_DECODE_ANY, NULL);
	return 0;
}

int ask_any(const struct client *client, const char *path, const char *body, struct reply *reply)
{
	const struct http_request request = {
		.method = body ? "POST" : "GET", .path = path, .body = body};
	int r;

	*reply = (struct reply){0};
	r = exchange(client, &request, reply);
	if (r == -EFBIG || r == -ENOMEM)
		return fail("the answer is too large");
	return r < 0 ? fail_unreachable(&client->endpoint, r) : EXIT_OK;
}

int reply_fail(const struct client *client, const struct reply *reply)
{
	const char *detail = field_string(reply->json, "detail");
	const char *title = field_string(reply->json, "title");

	if (client->json && reply->json)
		(void)say_json(reply->body);
	return fail("%u %s%s%s", reply->status, title ? title : "", detail ? ": " : "",
		detail ? detail : "");
}

int ask(const struct client *client, const char *path, const char *body, struct reply *reply)
{
	int r = ask_any(client, path, body, reply);

	if (r != EXIT_OK)
		return r;
	if (reply->status >= 300)
		return reply_fail(client, reply);
	return reply->json ? EXIT_OK : fail("the answer is not JSON");
}

int say_json(const char *body)
{
	size_t len = strlen(body);
	_cleanup_free_ char *clean = NULL;

	while (len > 0 && strchr("\r\n", body[len - 1]))
		len--;
	clean = clean_text(body, len);
	puts(clean ? clean : "null");
	return EXIT_OK;
}
