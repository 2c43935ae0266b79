/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The names of the host's cgroups by key. A removed one is known a while longer, for what its last
 * processes did. Bounded; the refused are counted. Pure.
 */
#pragma once

#include <sys/queue.h>

#include "common/intern.h"
#include "common/map.h"
#include "proto/frame.h"

#define CGROUPS_MAX	    65536
#define CGROUPS_REMOVED_MAX 4096

struct cgroup_entry {
	uint64_t key;
	TAILQ_ENTRY(cgroup_entry) order; /* in the removed list */
	bool removed;
	struct interned *path, *unit, *container; /* NULL: empty */
};

TAILQ_HEAD(cgroup_list, cgroup_entry);

struct cgroups {
	struct map map;
	struct intern texts;
	struct cgroup_list removed; /* longest ago first */
	unsigned removed_count;
	uint64_t refused;
};

void cgroups_init(struct cgroups *cgroups);
void cgroups_done(struct cgroups *cgroups);

/* Takes in a CGROUP frame. */
void cgroups_frame(struct cgroups *cgroups, const struct frame *frame);

/* The names of @key, or NULL. */
const struct cgroup_entry *cgroups_find(const struct cgroups *cgroups, uint64_t key);
