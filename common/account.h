/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Users and groups from /etc/passwd and /etc/group alone: NSS opens sockets and does not work in a sandbox. The two files
 * are reached through descriptors opened before the sandbox, so that later changes are seen.
 */
#pragma once

#include <sys/types.h>

#include "common/base.h"

#define ACCOUNT_GROUPS_MAX 64
#define ACCOUNT_NAME_MAX 64

struct account {
	char name[ACCOUNT_NAME_MAX];
	uid_t uid;
	gid_t gid;
	unsigned group_count; /* supplementary groups, ascending, without @gid */
	gid_t groups[ACCOUNT_GROUPS_MAX];
};

/* By name or decimal number; a number without an entry gives gid = uid and no groups. -ENOENT, -errno. */
must_check int account_find(const char *name_or_number, struct account *account);

/* The name of @uid, or its decimal number where there is no entry. Returns @buffer. */
const char *account_name(uid_t uid, char *buffer, size_t size);

/* gid of a group. -ENOENT. */
must_check int account_group(const char *name, gid_t *gid);

/* True if @uid is in group @name, as a member or by primary group. Unreadable files: false. */
bool account_in_group(uid_t uid, const char *name);

/* Opens /etc for all later reads with openat(); without it each call opens the files by path. */
must_check int account_open(void);
