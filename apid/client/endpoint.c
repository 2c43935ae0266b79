/* SPDX-License-Identifier: AGPL-3.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apid/client/http.h"
#include "common/text.h"

#define PORT_DEFAULT "3000"

/* The characters of names and addresses: nothing that could end a header line. */
static bool is_host(const char *host, size_t len, bool bracketed)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	static const char address[] = "0123456789abcdefABCDEF:.";

	return len > 0 && len < HTTP_HOST_SIZE && strspn(host, bracketed ? address : plain) >= len;
}

static int set_port(struct endpoint *endpoint, const char *text)
{
	size_t len = strcspn(text, "/");
	uint64_t port;

	if (text[len] && text[len + 1])
		return -EINVAL; /* a path */
	if (len == 0) {
		strcpy(endpoint->port, PORT_DEFAULT);
		return 0;
	}
	if (text[0] != ':' || text_to_u64(text + 1, len - 1, 65535, &port) < 0 || port == 0)
		return -EINVAL;
	snprintf(endpoint->port, sizeof(endpoint->port), "%u", (unsigned)port);
	return 0;
}

int endpoint_url(struct endpoint *endpoint, const char *url)
{
	static const char scheme[] = "http://";
	struct endpoint found = {0};
	bool bracketed;
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return -EINVAL;
	url += sizeof(scheme) - 1;
	bracketed = *url == '[';
	url += bracketed;
	len = strcspn(url, bracketed ? "]" : ":/");
	if (!is_host(url, len, bracketed) || (bracketed && url[len] != ']'))
		return -EINVAL;
	memcpy(found.host, url, len);
	if (set_port(&found, url + len + bracketed) < 0)
		return -EINVAL;
	*endpoint = found;
	return 0;
}

const char *endpoint_text(const struct endpoint *endpoint, char *out, size_t size)
{
	bool v6 = strchr(endpoint->host, ':');
	char url[HTTP_HOST_SIZE + 32] = "";

	if (endpoint->host[0])
		snprintf(url, sizeof(url), "http://%s%s%s:%s", v6 ? "[" : "", endpoint->host,
			v6 ? "]" : "", endpoint->port);
	snprintf(out, size, "%s%s%s", endpoint->socket,
		endpoint->socket[0] && url[0] ? " and " : "", url);
	return out;
}

int url_append(char *out, size_t size, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	size_t used = strlen(out);

	for (; *text; text++) {
		if (used + 4 > size)
			return -ENAMETOOLONG;
		if (strchr(plain, *text)) {
			out[used++] = *text;
		} else {
			out[used++] = '%';
			out[used++] = hex[(unsigned char)*text >> 4];
			out[used++] = hex[(unsigned char)*text & 15];
		}
		out[used] = '\0';
	}
	return 0;
}
