/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/browser.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HTTP_PORT 80

static const char *const own_hosts[] = {"127.0.0.1", "[::1]", "localhost"};

/* "name:port"; "name" alone only where the port is the protocol's own, or @bare. */
static bool is_host(const char *host, const char *name, uint16_t port, bool bare)
{
	char with_port[300];

	snprintf(with_port, sizeof(with_port), "%s:%u", name, port);
	if (strcasecmp(host, with_port) == 0)
		return true;
	return (bare || port == HTTP_PORT) && strcasecmp(host, name) == 0;
}

static bool host_known(const char *host, const struct browser_listener *listener)
{
	if (listener->local)
		return *host != '\0';
	for (size_t i = 0; i < ARRAY_LEN(own_hosts); i++)
		if (is_host(host, own_hosts[i], listener->port, false))
			return true;
	for (unsigned i = 0; i < listener->allowed->count; i++)
		if (is_host(host, listener->allowed->items[i], listener->port, true))
			return true;
	return false;
}

static unsigned check_host(
	const struct headers *headers, const struct browser_listener *listener, const char **why)
{
	*why = "exactly one Host is needed";
	if (headers->count[HEADER_HOST] != 1)
		return 400;
	*why = "this Host is not served here";
	return host_known(headers->value[HEADER_HOST], listener) ? 0 : 421;
}

/* An Origin is "null" or scheme://host: only our own page's passes. */
static bool same_origin(const struct headers *headers)
{
	static const char scheme[] = "http://";
	const char *origin = headers->value[HEADER_ORIGIN];

	if (headers->count[HEADER_ORIGIN] == 0)
		return true;
	return strncasecmp(origin, scheme, strlen(scheme)) == 0 &&
	       strcasecmp(origin + strlen(scheme), headers->value[HEADER_HOST]) == 0;
}

static bool header_is(const struct headers *headers, enum header header, const char *value)
{
	return headers->count[header] == 1 && strcmp(headers->value[header], value) == 0;
}

static bool site_passes(const struct headers *headers, enum browser_kind kind)
{
	if (headers->count[HEADER_FETCH_SITE] == 0 ||
		header_is(headers, HEADER_FETCH_SITE, "same-origin"))
		return true;
	if (kind == BROWSER_WRITE)
		return false;
	if (header_is(headers, HEADER_FETCH_SITE, "none"))
		return true;
	return kind == BROWSER_GET && header_is(headers, HEADER_FETCH_MODE, "navigate") &&
	       header_is(headers, HEADER_FETCH_DEST, "document");
}

unsigned browser_check(const struct headers *headers, const struct browser_listener *listener,
	enum browser_kind kind, const char **why)
{
	static const enum header once[] = {
		HEADER_ORIGIN, HEADER_FETCH_SITE, HEADER_FETCH_MODE, HEADER_FETCH_DEST};
	unsigned status = check_host(headers, listener, why);

	if (status)
		return status;
	*why = "Origin and Sec-Fetch headers come at most once";
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		if (headers->count[once[i]] > 1)
			return 400;
	*why = "Origin is another one than this Host";
	if (!same_origin(headers))
		return 403;
	*why = "a page of another origin may not do this";
	return site_passes(headers, kind) ? 0 : 403;
}
