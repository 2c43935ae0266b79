/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/sibling.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "apid/client/client.h"

static int beside(const char *name, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len < 0)
		return -errno;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return snprintf(path, size, "%s/%s", self, name) < (int)size ? 0 : -ENAMETOOLONG;
}

int sibling_exec(char *const argv[])
{
	char path[PATH_MAX + 64];

	fflush(stdout);
	if (beside(argv[0], path, sizeof(path)) == 0 && access(path, X_OK) == 0)
		execv(path, argv);
	execvp(argv[0], argv);
	return fail("%s: %s", argv[0], strerror(errno));
}
