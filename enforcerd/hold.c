/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int hold_open(struct hold *hold, const char *etc)
{
	*hold = (struct hold){.etc_fd = open(etc, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	return hold->etc_fd < 0 ? -errno : 0;
}

bool hold_look(struct hold *hold, uint64_t wall_ns)
{
	const char *before = hold->file;
	struct stat st;

	if (fstatat(hold->etc_fd, "linnix/hold", &st, AT_SYMLINK_NOFOLLOW) == 0)
		hold->file = HOLD_FILE;
	else if (errno == ENOENT || errno == ENOTDIR)
		hold->file = NULL;
	else
		hold->file = HOLD_FILE " (which cannot be looked up)";
	if ((before != NULL) == (hold->file != NULL))
		return false;
	hold->file_since_wall_ns = wall_ns;
	return true;
}

const char *hold_by(const struct hold *hold)
{
	return hold->file ? hold->file : hold->decided ? hold->by : NULL;
}

uint64_t hold_since(const struct hold *hold)
{
	return hold->file ? hold->file_since_wall_ns : hold->decided ? hold->since_wall_ns : 0;
}
