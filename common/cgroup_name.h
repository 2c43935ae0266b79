/* SPDX-License-Identifier: AGPL-3.0-only */
/* What a cgroup's path says about its processes: systemd unit, container, Kubernetes pod. The same
 * on v2, v1 and both together: the path is that of whichever hierarchy names processes. Pure. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define CGROUP_NAME_BYTES 256
#define POD_UID_BYTES	  37

/* Empty where the path says nothing; what does not fit is cut. */
struct cgroup_name {
	char unit[CGROUP_NAME_BYTES];	   /* "ssh.service", "session-3.scope" */
	char container[CGROUP_NAME_BYTES]; /* 64 hexadecimal digits, or the name of LXC or nspawn */
	const char *runtime;		   /* static: "docker", "podman", "containerd", "cri-o", "lxc", "nspawn"; "":
					      a container whose path does not say whose it is, or none */
	char pod[POD_UID_BYTES]; /* uid of a Kubernetes pod, with hyphens; a static pod's has none */
};

void cgroup_name_of(struct text path, struct cgroup_name *name);
