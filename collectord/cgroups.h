/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The names of the cgroups of one hierarchy: key → path. Bounded; what does not fit is counted and
 * stays without a name. Stores; reads no directory (hierarchy.h does).
 */
#pragma once

#include "common/base.h"

#define CGROUPS_MAX	16384
#define CGROUPS_BUCKETS 4096

struct cgroups;

must_check int cgroups_new(struct cgroups **cgroups);
void cgroups_free(struct cgroups *cgroups);
void cgroups_freep(struct cgroups **cgroups);

/* Adds or renames. -ENOSPC: CGROUPS_MAX are known (counted); -ENOMEM. */
must_check int cgroups_put(struct cgroups *cgroups, uint64_t key, const char *path, size_t len);

/* The directory is gone. Unknown keys are no error. */
void cgroups_remove(struct cgroups *cgroups, uint64_t key);

/*
 * A walk over all directories: what is not put between begin and end is marked as gone, shown once
 * more by cgroups_each() with @gone, and then forgotten.
 */
void cgroups_walk_begin(struct cgroups *cgroups);
void cgroups_walk_end(struct cgroups *cgroups);

struct cgroup_name {
	uint64_t key;
	const char *path; /* not terminated */
	size_t len;
	bool gone;
};

typedef int (*cgroups_callback)(const struct cgroup_name *name, void *ctx);

/*
 * Calls @callback for every entry from *bucket on (0: the first). If it returns < 0, stops and
 * returns that; *bucket is where to go on (some entries may then be shown again). 0 at the end;
 * entries that were gone are forgotten then.
 */
must_check int cgroups_each(
	struct cgroups *cgroups, unsigned *bucket, cgroups_callback callback, void *ctx);

unsigned cgroups_count(const struct cgroups *cgroups);
uint64_t cgroups_refused(const struct cgroups *cgroups);
