/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rules_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ruled/breaker_rules.h"

int rules_file_open(struct rules_file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[4096];

	if (!slash)
		snprintf(directory, sizeof(directory), ".");
	else if (snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path) >=
		 (int)sizeof(directory))
		return -ENAMETOOLONG;
	file->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->directory < 0)
		return -errno;
	file->path = path;
	file->name = slash ? slash + 1 : path;
	return 0;
}

void rules_file_close(struct rules_file *file)
{
	close_fd(&file->directory);
}

int rules_file_load(
	const struct rules_file *file, struct problems *problems, struct ruleset **ruleset)
{
	int r = ruleset_load(file->directory, file->name, file->path, problems, ruleset);

	if (r == 0 && file->breakers) {
		r = breaker_rules_add(*ruleset, file->breakers);
		if (r < 0)
			ruleset_free(TAKE_PTR(*ruleset));
	}
	if (r != -ENOENT)
		return r;
	problems_add(problems, file->path, 1, 1, NULL, "there is no such file");
	return -EINVAL;
}
