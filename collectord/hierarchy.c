/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/hierarchy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX	64
#define TABLE_BYTES_MAX (1 << 20)

static const char *const controllers[] = {
	[CGROUP_SOURCE_PIDS] = "pids",
	[CGROUP_SOURCE_MEMORY] = "memory",
};

/* True if @word is an item of the comma-separated list @list[0..len). */
static bool lists(const char *list, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t item = comma ? (size_t)(comma - list) : len;

		if (item == word_len && memcmp(list, word, item) == 0)
			return true;
		item = MIN(item + 1, len);
		list += item;
		len -= item;
	}
	return false;
}

void hierarchy_choose(const char *cgroup_text, enum cgroup_source *source, uint32_t *number)
{
	*source = CGROUP_SOURCE_V2;
	*number = 0;
	for (const char *line = cgroup_text; line && *line;
		line = strchr(line, '\n'), line += line != NULL) {
		unsigned id;
		int at = 0;

		if (sscanf(line, "%u:%n", &id, &at) != 1 || at == 0 || id == 0)
			continue;
		for (enum cgroup_source s = CGROUP_SOURCE_PIDS; s <= CGROUP_SOURCE_MEMORY; s++)
			if (lists(line + at, strcspn(line + at, ":\n"), controllers[s]) &&
				*source != CGROUP_SOURCE_PIDS) {
				*source = s;
				*number = id;
			}
	}
}

/* mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
static int unescape(const char *text, size_t len, char *path, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned code = (unsigned char)text[i];

		if (code == '\\' && len - i >= 4 && sscanf(text + i + 1, "%3o", &code) == 1)
			i += 3;
		if (used + 1 >= size)
			return -ENAMETOOLONG;
		path[used++] = (char)code;
	}
	path[used] = '\0';
	return 0;
}

struct mount_line {
	const char *point;
	size_t point_len;
	char type[16];
	const char *options;
	size_t options_len;
};

/* "36 35 98:0 ROOT POINT rw,noatime master:1 - TYPE SOURCE OPTIONS"; only mounts of a whole tree
 * count. */
static bool parse_mount(const char *line, struct mount_line *mount)
{
	int point = 0, point_end = 0, options = 0;
	const char *dash = strstr(line, " - "), *end = strchrnul(line, '\n');
	char root[4];

	if (sscanf(line, "%*u %*u %*s %3s %n%*s%n", root, &point, &point_end) != 1 ||
		strcmp(root, "/") != 0)
		return false;
	if (point_end == 0 || !dash || dash > end)
		return false;
	if (sscanf(dash + 3, "%15s %*s %n", mount->type, &options) != 1 || options == 0)
		return false;
	mount->point = line + point;
	mount->point_len = (size_t)(point_end - point);
	mount->options = dash + 3 + options;
	mount->options_len = strcspn(mount->options, "\n");
	return true;
}

int hierarchy_mount(const char *mountinfo_text, enum cgroup_source source, char *path, size_t size)
{
	struct mount_line mount;

	for (const char *line = mountinfo_text; line && *line;
		line = strchr(line, '\n'), line += line != NULL) {
		if (!parse_mount(line, &mount))
			continue;
		if (source == CGROUP_SOURCE_V2 ? strcmp(mount.type, "cgroup2") != 0
					       : strcmp(mount.type, "cgroup") != 0 ||
							 !lists(mount.options, mount.options_len,
								 controllers[source]))
			continue;
		return unescape(mount.point, mount.point_len, path, size);
	}
	return -ENOENT;
}

/* A whole small file as a string. */
static int read_table(const char *path, char **text)
{
	_cleanup_free_ char *buffer = malloc(TABLE_BYTES_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 1;

	if (!buffer)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	while (n > 0 && used < TABLE_BYTES_MAX - 1) {
		n = read(fd, buffer + used, TABLE_BYTES_MAX - 1 - used);
		if (n < 0)
			return -errno;
		used += (size_t)n;
	}
	buffer[used] = '\0';
	*text = TAKE_PTR(buffer);
	return 0;
}

int hierarchy_open(struct hierarchy *hierarchy)
{
	_cleanup_free_ char *cgroup = NULL, *mounts = NULL;
	char root[PATH_MAX];
	int r;

	if ((r = read_table("/proc/self/cgroup", &cgroup)) < 0 ||
		(r = read_table("/proc/self/mountinfo", &mounts)) < 0)
		return r;
	hierarchy_choose(cgroup, &hierarchy->source, &hierarchy->number);
	if (hierarchy_mount(mounts, hierarchy->source, root, sizeof(root)) < 0)
		return 0;
	hierarchy->dir_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return hierarchy->dir_fd < 0 ? -errno : 0;
}

void hierarchy_close(struct hierarchy *hierarchy)
{
	close_fd(&hierarchy->dir_fd);
}

struct walk {
	const struct hierarchy *hierarchy;
	struct cgroups *cgroups;
	char path[RECORD_PATH_MAX];
	size_t len;
};

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int walk_directory(struct walk *walk, int fd, unsigned depth);

static int walk_child(struct walk *walk, int parent_fd, const char *name, unsigned depth)
{
	size_t len = walk->len, name_len = strlen(name);
	int fd, r;

	if (len + 1 + name_len > sizeof(walk->path))
		return 0;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	walk->path[len] = '/';
	memcpy(walk->path + len + 1, name, name_len);
	walk->len = len + 1 + name_len;
	r = walk_directory(walk, fd, depth);
	walk->len = len;
	return r;
}

/* Takes @fd. */
static int walk_directory(struct walk *walk, int fd, unsigned depth)
{
	_cleanup_(closedirp) DIR *dir = fdopendir(fd);
	struct dirent *item;
	struct stat st;
	int r;

	if (!dir) {
		close(fd);
		return -errno;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	r = cgroups_put(walk->cgroups, CGROUP_KEY(walk->hierarchy->number, st.st_ino),
		walk->len ? walk->path : "/", walk->len ? walk->len : 1);
	if (r < 0 && r != -ENOSPC)
		return r;
	while (depth < DEPTH_MAX && (errno = 0, item = readdir(dir))) {
		if (item->d_type != DT_DIR || strcmp(item->d_name, ".") == 0 ||
			strcmp(item->d_name, "..") == 0)
			continue;
		r = walk_child(walk, fd, item->d_name, depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

int hierarchy_walk(const struct hierarchy *hierarchy, struct cgroups *cgroups)
{
	struct walk walk = {.hierarchy = hierarchy, .cgroups = cgroups};
	int fd, r;

	if (hierarchy->dir_fd < 0)
		return -ENOENT;
	fd = openat(hierarchy->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	cgroups_walk_begin(cgroups);
	r = walk_directory(&walk, fd, 0);
	if (r == 0)
		cgroups_walk_end(cgroups);
	return r;
}
