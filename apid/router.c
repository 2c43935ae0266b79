/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/router.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define ACTION_PREFIX  "action-"
#define ACTION_SEGMENT "{action}"

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

/* Both start after a slash. */
static bool path_matches(const char *pattern, const char *path, size_t len, uint64_t *action)
{
	for (;;) {
		size_t want = segment_length(pattern, strlen(pattern));
		size_t have = segment_length(path, len);

		if (want == strlen(ACTION_SEGMENT) && memcmp(pattern, ACTION_SEGMENT, want) == 0) {
			if (route_action(path, have, action) < 0)
				return false;
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return false;
		}
		pattern += want;
		path += have;
		len -= have;
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
		uint64_t action = 0;

		if (!path_matches(route->path + 1, path + 1, len - 1, &action))
			continue;
		*match = (struct route_match){route, action};
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
