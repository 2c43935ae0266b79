/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/cgroup_name.h"

#include <string.h>

#define CONTAINER_ID_BYTES 64

/* Units that hold processes; slices only group them. */
static const char *const UNIT_SUFFIXES[] = {".service", ".scope", ".socket", ".mount", ".swap"};

/* What stands before the id, in a scope that a container runtime asked systemd for or in a directory of its own. */
static const struct {
	const char *prefix, *runtime;
} RUNTIMES[] = {
	{"docker-", "docker"},
	{"libpod-", "podman"},
	{"cri-containerd-", "containerd"},
	{"containerd-", "containerd"},
	{"nerdctl-", "containerd"},
	{"crio-", "cri-o"},
};

/* A directory whose children are containers, by id or by name. */
static const struct {
	const char *parent, *runtime;
	bool named;
} PARENTS[] = {
	{"docker", "docker", false},
	{"libpod_parent", "podman", false},
	{"lxc", "lxc", true},
	{"lxc.payload", "lxc", true},
};

/* Around the name of a container that is a machine of its own. */
static const struct {
	const char *prefix, *suffix, *runtime;
} MACHINES[] = {
	{"lxc.payload.", "", "lxc"},
	{"systemd-nspawn@", ".service", "nspawn"},
	{"machine-lxc\\x2d", ".scope", "lxc"}, /* libvirt's */
	{"machine-", ".scope", "nspawn"},
};

/* Virtual machines stand beside nspawn's: libvirt's names begin with the driver. */
static const char VIRTUAL[] = "machine-qemu\\x2d";

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

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static unsigned digit(char hex)
{
	return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

static bool is_container_id(struct text text)
{
	if (text.len != CONTAINER_ID_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_hex(text.data[i]))
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

static bool is_text(struct text text, const char *string)
{
	return text.len == strlen(string) && memcmp(text.data, string, text.len) == 0;
}

static struct text without(struct text text, const char *prefix, const char *suffix)
{
	size_t begin = strlen(prefix), end = strlen(suffix);

	return (struct text){text.data + begin, text.len - begin - end};
}

/* Copies the name of a machine, in which systemd writes '-' and others as \xHH. */
static void copy_unescaped(struct text text, char *buffer, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < text.len && used + 1 < size; i++) {
		const char *at = text.data + i;
		unsigned code = 0;

		if (text.len - i >= 4 && at[0] == '\\' && at[1] == 'x' && is_hex(at[2]) && is_hex(at[3]))
			code = digit(at[2]) << 4 | digit(at[3]);
		i += code ? 3 : 0;
		code = code ? code : (unsigned char)*at;
		buffer[used++] = code ? (char)code : '?';
	}
	buffer[used] = '\0';
}

static void set_container(struct cgroup_name *name, struct text container, const char *runtime)
{
	copy_unescaped(container, name->container, sizeof(name->container));
	name->runtime = runtime;
}

/* "docker-ID.scope", "crio-ID" */
static bool take_prefixed(struct cgroup_name *name, struct text part)
{
	for (size_t i = 0; i < ARRAY_LEN(RUNTIMES); i++) {
		struct text id;

		if (!starts_with(part, RUNTIMES[i].prefix))
			continue;
		id = without(part, RUNTIMES[i].prefix, ends_with(part, ".scope") ? ".scope" : "");
		if (!is_container_id(id))
			continue;
		set_container(name, id, RUNTIMES[i].runtime);
		return true;
	}
	return false;
}

/* "docker/ID", "lxc/NAME", or an id below anything else, such as a pod. */
static bool take_child(struct cgroup_name *name, struct text parent, struct text part)
{
	for (size_t i = 0; i < ARRAY_LEN(PARENTS); i++)
		if (is_text(parent, PARENTS[i].parent) &&
			(PARENTS[i].named ? part.len > 0 : is_container_id(part))) {
			set_container(name, part, PARENTS[i].runtime);
			return true;
		}
	if (is_container_id(part))
		set_container(name, part, "");
	return is_container_id(part);
}

static bool take_machine(struct cgroup_name *name, struct text part)
{
	if (starts_with(part, VIRTUAL))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(MACHINES); i++) {
		size_t around = strlen(MACHINES[i].prefix) + strlen(MACHINES[i].suffix);

		if (part.len <= around || !starts_with(part, MACHINES[i].prefix) ||
			(MACHINES[i].suffix[0] && !ends_with(part, MACHINES[i].suffix)))
			continue;
		set_container(name, without(part, MACHINES[i].prefix, MACHINES[i].suffix),
			MACHINES[i].runtime);
		return true;
	}
	return false;
}

/* 8-4-4-4-12 hexadecimal digits, for systemd with '_' between; a static pod has 32 without any. */
static bool is_pod_uid(struct text uid)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool plain = uid.len == 32;

	if (!plain && uid.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < uid.len; i++) {
		char c = uid.data[i];

		if (!plain && shape[i] == '-' ? c != '-' && c != '_' : !is_hex(c))
			return false;
	}
	return true;
}

/* "podUID" of the cgroupfs driver, "kubepods-burstable-podUID.slice" of systemd's, whatever stands before. */
static void take_pod(struct cgroup_name *name, struct text part)
{
	static const size_t lengths[] = {36, 32};
	bool slice = ends_with(part, ".slice");
	struct text whole = slice ? without(part, "", ".slice") : part;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		size_t before = whole.len > lengths[i] + 3 ? whole.len - lengths[i] - 3 : 0;
		struct text uid = {whole.data + before + 3, lengths[i]};

		if (whole.len != before + 3 + lengths[i] || memcmp(whole.data + before, "pod", 3) != 0 ||
			!is_pod_uid(uid) || (before > 0 && (!slice || whole.data[before - 1] != '-')))
			continue;
		text_copy(uid, name->pod, sizeof(name->pod));
		for (char *at = name->pod; (at = strchr(at, '_'));)
			*at = '-';
	}
}

static void take_part(struct cgroup_name *name, struct text parent, struct text part)
{
	if (is_unit(part))
		text_copy(part, name->unit, sizeof(name->unit));
	if (!take_prefixed(name, part) && !take_machine(name, part) &&
		!take_child(name, parent, part))
		take_pod(name, part);
}

/* Where runc without systemd is given a name for systemd, it makes a directory "SLICE:PREFIX:ID". */
static bool take_runc(struct cgroup_name *name, struct text part)
{
	const char *second, *first = memmem(part.data, part.len, ".slice:", 7);
	size_t id_len;

	if (!first)
		return false;
	first += 6;
	id_len = part.len - (size_t)(first + 1 - part.data);
	second = memchr(first + 1, ':', id_len);
	if (!second)
		return false;
	take_pod(name, (struct text){part.data, (size_t)(first - part.data)});
	id_len = part.len - (size_t)(second + 1 - part.data);
	if (!is_container_id((struct text){second + 1, id_len}))
		return true;
	set_container(name, (struct text){second + 1, id_len}, "");
	for (size_t i = 0; i < ARRAY_LEN(RUNTIMES); i++) {
		size_t len = strlen(RUNTIMES[i].prefix) - 1; /* without its hyphen */

		if ((size_t)(second - first - 1) == len && memcmp(first + 1, RUNTIMES[i].prefix, len) == 0)
			name->runtime = RUNTIMES[i].runtime;
	}
	return true;
}

void cgroup_name_of(struct text path, struct cgroup_name *name)
{
	struct text parent = {NULL, 0};
	size_t begin = 0;

	*name = (struct cgroup_name){.runtime = ""};
	/* The deepest component that says something wins. */
	for (size_t end = 0; end <= path.len; end++) {
		struct text part;

		if (end < path.len && path.data[end] != '/')
			continue;
		part = (struct text){path.data + begin, end - begin};
		begin = end + 1;
		if (part.len > 0 && !take_runc(name, part))
			take_part(name, parent, part);
		parent = part;
	}
}
