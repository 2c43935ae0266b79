/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/request_head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

static const struct {
	const char *before, *after; /* of the action's number; after NULL: there is none */
	enum verb verb;
} requests[] = {
	{"GET /whoami", NULL, VERB_WHOAMI},
	{"POST /actions/action-", "/approve", VERB_APPROVE},
	{"POST /actions/action-", "/reject", VERB_REJECT},
	{"POST /enforcement/hold", NULL, VERB_HOLD},
	{"POST /enforcement/resume", NULL, VERB_RESUME},
	{"POST /rules/mute", NULL, VERB_MUTE},
};

static const char *const relay_headers[] = {"Forwarded", "X-Real-IP", "Via"};
static const char relay_prefix[] = "X-Forwarded";

static bool starts_with(struct text text, const char *prefix)
{
	return text.len >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static bool ends_with(struct text text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len >= len && memcmp(text.data + text.len - len, suffix, len) == 0;
}

/* Takes the line up to the next CR LF off @rest. False: no whole line, or a NUL, CR or LF of its
 * own in it. */
static bool take_line(struct text *rest, struct text *line)
{
	const char *end = memmem(rest->data, rest->len, "\r\n", 2);

	if (!end)
		return false;
	*line = (struct text){rest->data, (size_t)(end - rest->data)};
	rest->data += line->len + 2;
	rest->len -= line->len + 2;
	return !memchr(line->data, '\0', line->len) && !memchr(line->data, '\r', line->len) &&
	       !memchr(line->data, '\n', line->len);
}

/* Whether @line is request @i with the version cut off; its number then is in *action. */
static bool is_request(struct text line, size_t i, uint64_t *action)
{
	size_t before = strlen(requests[i].before),
	       after = requests[i].after ? strlen(requests[i].after) : 0;

	*action = 0;
	if (!requests[i].after)
		return line.len == before && starts_with(line, requests[i].before);
	if (!starts_with(line, requests[i].before) || !ends_with(line, requests[i].after) ||
		line.len < before + after)
		return false;
	return text_to_u64(line.data + before, line.len - before - after, UINT64_MAX, action) ==
		       0 &&
	       *action != 0;
}

static void read_request_line(struct text line, struct request_head *head)
{
	uint64_t action;

	if (!ends_with(line, " HTTP/1.1") && !ends_with(line, " HTTP/1.0"))
		return;
	line.len -= strlen(" HTTP/1.1");
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		if (is_request(line, i, &action))
			*head = (struct request_head){requests[i].verb, action};
}

/* A name may hold what RFC 9110 calls token characters; anything else, also a space before the
 * colon, is refused. */
static bool is_name(struct text name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			!strchr(others, c))
			return false;
	}
	return name.len > 0;
}

static bool tells_of_relay(struct text name)
{
	for (size_t i = 0; i < ARRAY_LEN(relay_headers); i++)
		if (name.len == strlen(relay_headers[i]) &&
			strncasecmp(name.data, relay_headers[i], name.len) == 0)
			return true;
	return name.len >= strlen(relay_prefix) &&
	       strncasecmp(name.data, relay_prefix, strlen(relay_prefix)) == 0;
}

static int read_header(struct text line)
{
	const char *colon = memchr(line.data, ':', line.len);
	struct text name = {line.data, colon ? (size_t)(colon - line.data) : 0};

	if (!is_name(name)) /* also a line that continues the one before it */
		return -EPROTO;
	return tells_of_relay(name) ? -EREMOTE : 0;
}

int request_head_read(const char *data, size_t len, struct request_head *head)
{
	struct text rest = {data, MIN(len, (size_t)REQUEST_HEAD_MAX)}, line;
	const char *end = memmem(rest.data, rest.len, "\r\n\r\n", 4);
	int r = 0;

	*head = (struct request_head){VERB_NONE, 0};
	if (end)
		rest.len = (size_t)(end - data) + 2;
	if (!take_line(&rest, &line))
		return end ? -EPROTO : -EAGAIN;
	read_request_line(line, head);
	if (!end)
		return -EAGAIN;
	while (r == 0 && rest.len > 0)
		r = take_line(&rest, &line) ? read_header(line) : -EPROTO;
	return r;
}
