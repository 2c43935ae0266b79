/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static int etc_fd = -1;

int account_open(void)
{
	if (etc_fd < 0)
		etc_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return etc_fd < 0 ? -errno : 0;
}

static FILE *open_etc(const char *name)
{
	char path[32];
	int fd;

	if (etc_fd >= 0) {
		fd = openat(etc_fd, name, O_RDONLY | O_CLOEXEC);
	} else {
		snprintf(path, sizeof(path), "/etc/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd < 0 ? NULL : fdopen(fd, "r");
}

static void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}
#define _cleanup_file_ _cleanup_(fclosep)

/* Finds the entry with @name (if not NULL) or @uid. */
static int find_user(const char *name, uid_t uid, struct account *account)
{
	_cleanup_file_ FILE *file = open_etc("passwd");
	char buffer[1024];
	struct passwd entry, *found;

	if (!file)
		return -ENOENT;
	while (fgetpwent_r(file, &entry, buffer, sizeof(buffer), &found) == 0) {
		if (name ? strcmp(entry.pw_name, name) != 0 : entry.pw_uid != uid)
			continue;
		if (strlen(entry.pw_name) >= sizeof(account->name))
			return -ENAMETOOLONG;
		strcpy(account->name, entry.pw_name);
		account->uid = entry.pw_uid;
		account->gid = entry.pw_gid;
		return 0;
	}
	return -ENOENT;
}

static bool has_member(const struct group *group, const char *name)
{
	for (char **member = group->gr_mem; *member; member++)
		if (strcmp(*member, name) == 0)
			return true;
	return false;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

static int find_groups(struct account *account)
{
	_cleanup_file_ FILE *file = open_etc("group");
	char buffer[16384];
	struct group entry, *found;

	account->group_count = 0;
	if (!file)
		return 0;
	while (fgetgrent_r(file, &entry, buffer, sizeof(buffer), &found) == 0) {
		if (entry.gr_gid == account->gid || !has_member(&entry, account->name))
			continue;
		if (account->group_count == ACCOUNT_GROUPS_MAX)
			return -E2BIG;
		account->groups[account->group_count++] = entry.gr_gid;
	}
	qsort(account->groups, account->group_count, sizeof(gid_t), compare_gids);
	return 0;
}

int account_find(const char *name_or_number, struct account *account)
{
	struct account found = {0};
	uint64_t number;
	int r;

	if (text_to_u64(name_or_number, strlen(name_or_number), UINT32_MAX - 1, &number) == 0) {
		r = find_user(NULL, (uid_t)number, &found);
		if (r == -ENOENT) {
			snprintf(found.name, sizeof(found.name), "%u", (unsigned)number);
			found.uid = (uid_t)number;
			found.gid = (gid_t)number;
			r = 0;
		}
	} else {
		r = find_user(name_or_number, 0, &found);
	}
	if (r == 0)
		r = find_groups(&found);
	if (r == 0)
		*account = found;
	return r;
}

const char *account_name(uid_t uid, char *buffer, size_t size)
{
	struct account found;

	if (find_user(NULL, uid, &found) == 0)
		snprintf(buffer, size, "%s", found.name);
	else
		snprintf(buffer, size, "%u", (unsigned)uid);
	return buffer;
}

/* Calls for the group @name: 0 and its gid, and whether @member is listed. */
static int read_group(const char *name, const char *member, gid_t *gid, bool *listed)
{
	_cleanup_file_ FILE *file = open_etc("group");
	char buffer[16384];
	struct group entry, *found;

	if (!file)
		return -ENOENT;
	while (fgetgrent_r(file, &entry, buffer, sizeof(buffer), &found) == 0) {
		if (strcmp(entry.gr_name, name) != 0)
			continue;
		*gid = entry.gr_gid;
		if (listed)
			*listed = has_member(&entry, member);
		return 0;
	}
	return -ENOENT;
}

int account_group(const char *name, gid_t *gid)
{
	return read_group(name, NULL, gid, NULL);
}

bool account_in_group(uid_t uid, const char *name)
{
	struct account user;
	bool listed = false;
	gid_t gid;

	if (find_user(NULL, uid, &user) < 0 || read_group(name, user.name, &gid, &listed) < 0)
		return false;
	return listed || user.gid == gid;
}
