/* SPDX-License-Identifier: AGPL-3.0-only */
/* What a cgroup's path says about its processes: systemd unit and container. Pure. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define CGROUP_NAME_BYTES 256

/* Empty where the path says nothing; what does not fit is cut. */
struct cgroup_name {
	char unit[CGROUP_NAME_BYTES];	   /* "ssh.service", "session-3.scope" */
	char container[CGROUP_NAME_BYTES]; /* 64 hexadecimal digits, or LXC's name */
};

void cgroup_name_of(struct text path, struct cgroup_name *name);
