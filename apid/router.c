/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/router.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define ACTION_PREFIX "action-"

static const struct {
	const char *name;
	enum method method;
} methods[] = {
	{"GET", METHOD_GET},
	{"HEAD", METHOD_HEAD},
	{"POST", METHOD_POST},
	{"OPTIONS", METHOD_OPTIONS},
};

unsigned route_method(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strlen(methods[i].name) == len && memcmp(methods[i].name, name, len) == 0)
			return methods[i].method;
	return METHOD_OTHER;
}

int route_action(const char *text, size_t len, uint64_t *action)
{
	const size_t prefix = strlen(ACTION_PREFIX);
	uint64_t number;

	if (len <= prefix || memcmp(text, ACTION_PREFIX, prefix) != 0)
		return -EINVAL;
	if (text_to_u64(text + prefix, len - prefix, UINT64_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*action = number;
	return 0;
}

static size_t segment_length(const char *path, size_t len)
{
	const char *slash = memchr(path, '/', len);

	return slash ? (size_t)(slash - path) : len;
}

static int read_action_id(const char *text, size_t len, struct route_match *match)
{
	return route_action(text, len, &match->action);
}

static int read_incident_id(const char *text, size_t len, struct route_match *match)
{
	return incident_id_parse(text, len, &match->incident);
}

/* Segments that stand for many. */
static const struct {
	const char *segment;
	int (*read)(const char *text, size_t len, struct route_match *match);
} placeholders[] = {
	{"{action}", read_action_id},
	{"{incident}", read_incident_id},
};

static bool segment_matches(struct text pattern, struct text path, struct route_match *match)
{
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (pattern.len == strlen(placeholders[i].segment) &&
			memcmp(pattern.data, placeholders[i].segment, pattern.len) == 0)
			return placeholders[i].read(path.data, path.len, match) == 0;
	return pattern.len == path.len && memcmp(pattern.data, path.data, path.len) == 0;
}

/* Both start after a slash. */
static bool path_matches(
	const char *pattern, const char *path, size_t len, struct route_match *match)
{
	for (;;) {
		struct text want = {pattern, segment_length(pattern, strlen(pattern))};
		struct text have = {path, segment_length(path, len)};

		if (!segment_matches(want, have, match))
			return false;
		pattern += want.len;
		path += have.len;
		len -= have.len;
		if (*pattern == '\0' || len == 0)
			return *pattern == '\0' && len == 0;
		pattern++;
		path++;
		len--;
	}
}

int route_find(const struct route_table *table, unsigned method, const char *path, size_t len,
	struct route_match *match)
{
	if (len == 0 || path[0] != '/')
		return -ENOENT;
	for (size_t i = 0; i < table->count; i++) {
		const struct route *route = &table->routes[i];
		struct route_match found = {.route = route};

		if (!path_matches(route->path + 1, path + 1, len - 1, &found))
			continue;
		*match = found;
		return method & route->methods ? 0 : -EOPNOTSUPP;
	}
	return -ENOENT;
}

const char *route_allow(const struct route *route, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(methods) && used < size; i++)
		if ((route->methods | METHOD_OPTIONS) & methods[i].method)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s",
				used ? ", " : "", methods[i].name);
	return buffer;
}
