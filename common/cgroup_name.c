/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/cgroup_name.h"

#include <string.h>

#define CONTAINER_ID_BYTES 64

/* Units that hold processes; slices only group them. */
static const char *const UNIT_SUFFIXES[] = {".service", ".scope", ".socket", ".mount", ".swap"};

/* What stands before the id in a scope that a container runtime asked systemd for. */
static const char *const RUNTIME_PREFIXES[] = {"docker-", "libpod-", "cri-containerd-", "crio-",
	"containerd-", "nerdctl-"};

static const char *const LXC_PREFIXES[] = {"lxc.payload."};

static bool ends_with(struct text text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len > len && memcmp(text.data + text.len - len, suffix, len) == 0;
}

static bool starts_with(struct text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len > len && memcmp(text.data, prefix, len) == 0;
}

static bool is_container_id(struct text text)
{
	if (text.len != CONTAINER_ID_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789abcdef", text.data[i]) || text.data[i] == '\0')
			return false;
	return true;
}

static bool is_unit(struct text part)
{
	for (size_t i = 0; i < ARRAY_LEN(UNIT_SUFFIXES); i++)
		if (ends_with(part, UNIT_SUFFIXES[i]))
			return true;
	return false;
}

/* The container that one component of a path names, or an empty text. */
static struct text container_of_part(struct text part)
{
	static const char scope[] = ".scope";

	if (is_container_id(part))
		return part;
	for (size_t i = 0; i < ARRAY_LEN(LXC_PREFIXES); i++) {
		size_t len = strlen(LXC_PREFIXES[i]);

		if (starts_with(part, LXC_PREFIXES[i]))
			return (struct text){part.data + len, part.len - len};
	}
	for (size_t i = 0; i < ARRAY_LEN(RUNTIME_PREFIXES); i++) {
		size_t len = strlen(RUNTIME_PREFIXES[i]);
		struct text id = {part.data + len, part.len - len};

		if (!starts_with(part, RUNTIME_PREFIXES[i]))
			continue;
		if (ends_with(id, scope))
			id.len -= sizeof(scope) - 1;
		if (is_container_id(id))
			return id;
	}
	return (struct text){NULL, 0};
}

void cgroup_name_of(struct text path, struct cgroup_name *name)
{
	size_t begin = 0;

	*name = (struct cgroup_name){0};
	/* The deepest component that says something wins. */
	for (size_t end = 0; end <= path.len; end++) {
		struct text part, container;

		if (end < path.len && path.data[end] != '/')
			continue;
		part = (struct text){path.data + begin, end - begin};
		begin = end + 1;
		container = container_of_part(part);
		if (is_unit(part))
			text_copy(part, name->unit, sizeof(name->unit));
		if (container.len > 0)
			text_copy(container, name->container, sizeof(name->container));
	}
}
