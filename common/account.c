/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/account.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define FIELDS_MAX 7
#define PASSWD_FIELDS 4 /* name, password, uid, gid; what follows does not matter here */
#define GROUP_FIELDS 3  /* name, password, gid; members, where there are any */

static int etc_fd = -1;

int account_open(void)
{
	if (etc_fd < 0)
		etc_fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return etc_fd < 0 ? -errno : 0;
}

/* A file of lines of fields, read entry by entry. */
struct table {
	FILE *file;
	char *line;
	size_t room;
	char *fields[FIELDS_MAX]; /* of the current entry; "" where it has fewer */
};

static void table_done(struct table *table)
{
	if (table->file)
		fclose(table->file);
	free(table->line);
}
#define _cleanup_table_ _cleanup_(table_done)

static int table_open(struct table *table, const char *name)
{
	_cleanup_close_ int fd = -1;
	char path[32];

	snprintf(path, sizeof(path), "/etc/%s", name);
	fd = etc_fd >= 0 ? openat(etc_fd, name, O_RDONLY | O_CLOEXEC) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	table->file = fdopen(fd, "r");
	if (!table->file)
		return -errno;
	(void)TAKE_FD(fd);
	return 0;
}

/* The next entry with at least @needed fields; lines that include other sources ("+", "-") are none. */
static bool table_next(struct table *table, unsigned needed)
{
	while (getline(&table->line, &table->room, table->file) > 0) {
		char *rest = table->line;
		unsigned count = 0;

		rest[strcspn(rest, "\n")] = '\0';
		for (unsigned i = 0; i < FIELDS_MAX; i++) {
			count += rest != NULL;
			table->fields[i] = rest ? strsep(&rest, ":") : (char *)"";
		}
		if (count >= needed && table->fields[0][0] != '\0' && !strchr("+-#", table->fields[0][0]))
			return true;
	}
	return false;
}

/* A uid or gid; false if @field is none. */
static bool to_id(const char *field, uint32_t *id)
{
	uint64_t number;

	if (text_to_u64(field, strlen(field), UINT32_MAX - 1, &number) < 0)
		return false;
	*id = (uint32_t)number;
	return true;
}

/* Finds the entry with @name (if not NULL) or @uid. */
static int find_user(const char *name, uid_t uid, struct account *account)
{
	_cleanup_table_ struct table table = {0};
	uint32_t entry_uid, entry_gid;

	if (table_open(&table, "passwd") < 0)
		return -ENOENT;
	while (table_next(&table, PASSWD_FIELDS)) {
		if (!to_id(table.fields[2], &entry_uid) || !to_id(table.fields[3], &entry_gid))
			continue;
		if (name ? strcmp(table.fields[0], name) != 0 : entry_uid != uid)
			continue;
		if (strlen(table.fields[0]) >= sizeof(account->name))
			return -ENAMETOOLONG;
		strcpy(account->name, table.fields[0]);
		account->uid = entry_uid;
		account->gid = entry_gid;
		return 0;
	}
	return -ENOENT;
}

/* True if @name is one of the names between commas in @members. */
static bool has_member(const char *members, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = members; *at; at += *at == ',') {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

static int find_groups(struct account *account)
{
	_cleanup_table_ struct table table = {0};
	uint32_t gid;

	if (table_open(&table, "group") < 0)
		return 0;
	while (table_next(&table, GROUP_FIELDS)) {
		if (!to_id(table.fields[2], &gid) || gid == account->gid || !has_member(table.fields[3], account->name))
			continue;
		if (account->group_count == ACCOUNT_GROUPS_MAX)
			return -E2BIG;
		account->groups[account->group_count++] = gid;
	}
	qsort(account->groups, account->group_count, sizeof(gid_t), compare_gids);
	return 0;
}

static void fill_number(uint32_t number, struct account *account)
{
	snprintf(account->name, sizeof(account->name), "%u", number);
	account->uid = number;
	account->gid = number;
}

int account_find(const char *name_or_number, struct account *account)
{
	struct account found = {0};
	uint32_t number;
	bool is_number = to_id(name_or_number, &number);
	int r = is_number ? find_user(NULL, number, &found) : find_user(name_or_number, 0, &found);

	if (r == -ENOENT && is_number) {
		fill_number(number, &found);
		r = 0;
	} else if (r == 0) {
		r = find_groups(&found);
	}
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

/* The gid of the group @name, and whether @member (if not NULL) is listed. */
static int read_group(const char *name, const char *member, gid_t *gid, bool *listed)
{
	_cleanup_table_ struct table table = {0};
	uint32_t id;

	if (table_open(&table, "group") < 0)
		return -ENOENT;
	while (table_next(&table, GROUP_FIELDS)) {
		if (strcmp(table.fields[0], name) != 0 || !to_id(table.fields[2], &id))
			continue;
		*gid = id;
		if (member)
			*listed = has_member(table.fields[3], member);
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
