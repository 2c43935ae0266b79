/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/headers.h"

#include <string.h>
#include <strings.h>

static const char *const names[HEADER_COUNT] = {
	[HEADER_HOST] = "Host",
	[HEADER_ORIGIN] = "Origin",
	[HEADER_FETCH_SITE] = "Sec-Fetch-Site",
	[HEADER_FETCH_MODE] = "Sec-Fetch-Mode",
	[HEADER_FETCH_DEST] = "Sec-Fetch-Dest",
	[HEADER_CONTENT_LENGTH] = "Content-Length",
	[HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
	[HEADER_IF_MATCH] = "If-Match",
	[HEADER_IF_NONE_MATCH] = "If-None-Match",
	[HEADER_ACCEPT] = "Accept",
	[HEADER_LAST_EVENT_ID] = "Last-Event-ID",
};

static const char token_extra[] = "!#$%&'*+-.^_`|~";

static bool is_token(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		bool alnum = (*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') ||
			     (*name >= 'A' && *name <= 'Z');

		if (!alnum && !strchr(token_extra, *name))
			return false;
	}
	return true;
}

void headers_add(struct headers *headers, const char *name, const char *value)
{
	if (!is_token(name))
		headers->malformed = true;
	for (unsigned i = 0; i < HEADER_COUNT; i++) {
		if (strcasecmp(names[i], name) != 0)
			continue;
		if (headers->count[i]++ == 0)
			headers->value[i] = value;
	}
}

static bool only_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

unsigned headers_framing(const struct headers *headers, bool bodiless, const char **why)
{
	unsigned lengths = headers->count[HEADER_CONTENT_LENGTH];
	unsigned encodings = headers->count[HEADER_TRANSFER_ENCODING];

	*why = "a header name is malformed";
	if (headers->malformed)
		return 400;
	*why = "more than one Content-Length or Transfer-Encoding, or both";
	if (lengths + encodings > 1)
		return 400;
	*why = "Content-Length is no number";
	if (lengths && !only_digits(headers->value[HEADER_CONTENT_LENGTH]))
		return 400;
	*why = "Transfer-Encoding other than chunked";
	if (encodings && strcasecmp(headers->value[HEADER_TRANSFER_ENCODING], "chunked") != 0)
		return 501;
	*why = "this method has no body";
	if (bodiless &&
		(encodings || (lengths && strcmp(headers->value[HEADER_CONTENT_LENGTH], "0") != 0)))
		return 400;
	return 0;
}

bool headers_accept(const struct headers *headers, const char *type)
{
	const char *p = headers->value[HEADER_ACCEPT];
	size_t len = strlen(type);

	for (; p; p = strchr(p, ',')) {
		p += strspn(p, ", \t");
		if (strncasecmp(p, type, len) == 0 && strchr(",; \t", p[len]))
			return true;
	}
	return false;
}

/* One entity tag of a list; what differs only in weakness is the same here (RFC 9110, 8.8.3.2). */
static bool is_tag(const char *p, const char *tag)
{
	size_t len = strlen(tag);

	if (strncmp(p, "W/", 2) == 0)
		p += 2;
	return strncmp(p, tag, len) == 0 && p[len + strspn(p + len, " \t")] == '\0';
}

bool headers_has(const struct headers *headers, const char *tag)
{
	const char *p = headers->value[HEADER_IF_NONE_MATCH];
	char one[128];

	/* Sent twice it is one list, of which only the first part is known here. */
	if (headers->count[HEADER_IF_NONE_MATCH] != 1)
		return false;
	for (;;) {
		size_t len;

		p += strspn(p, ", \t");
		len = strcspn(p, ",");
		if (len == 0)
			return false;
		if (len < sizeof(one)) {
			memcpy(one, p, len);
			one[len] = '\0';
			if (strcmp(one, "*") == 0 || is_tag(one, tag))
				return true;
		}
		p += len;
	}
}
