/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Which cgroup hierarchy names the processes of this host, where it is mounted, and what is in it:
 * the v2 tree where the controllers live there, else that of the pids or the memory controller.
 * Reads; never writes below /sys/fs/cgroup.
 */
#pragma once

#include "common/base.h"

#include "bpf/record.h"
#include "collectord/cgroups.h"

struct hierarchy {
	enum cgroup_source source;
	uint32_t number; /* as in /proc/self/cgroup */
	int dir_fd;	 /* its root, or -1 if it is mounted nowhere we can see */
};

#define HIERARCHY_INIT                                                                             \
	{                                                                                          \
		.dir_fd = -1                                                                       \
	}

/* Reads /proc/self/cgroup and /proc/self/mountinfo and opens the root directory. 0 or -errno. */
must_check int hierarchy_open(struct hierarchy *hierarchy);
void hierarchy_close(struct hierarchy *hierarchy);

/*
 * Puts every directory into @cgroups. Needs openat(), fstat() and getdents() only. A directory that
 * disappears meanwhile is left out. 0 or -errno; -ENOENT without a root directory.
 */
must_check int hierarchy_walk(const struct hierarchy *hierarchy, struct cgroups *cgroups);

/* The two deciding halves of hierarchy_open(), pure. @cgroup_text: a terminated /proc/self/cgroup.
 */
void hierarchy_choose(const char *cgroup_text, enum cgroup_source *source, uint32_t *number);

/* The mount point of @source in a terminated mountinfo text, unescaped. -ENOENT: none;
 * -ENAMETOOLONG. */
must_check int hierarchy_mount(
	const char *mountinfo_text, enum cgroup_source source, char *path, size_t size);
