/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What a listener must know before anything else makes sense: the host, what is attached, how
 * cgroups are called. Goes on where it stopped when the listener had no room.
 */
#pragma once

#include <sys/utsname.h>

#include "collectord/cgroups.h"
#include "collectord/out.h"
#include "collectord/probes.h"
#include "common/base.h"

struct greeting {
	const struct probes *probes;
	struct cgroups *cgroups;
	const struct out *out;
	struct host host;
	struct utsname names;
	unsigned told;	 /* how many parts are done */
	unsigned bucket; /* where the names still to be told begin */
};

/* Looks at the host; before the sandbox. The arguments outlive the greeting. */
void greeting_init(struct greeting *greeting, const struct probes *probes, struct cgroups *cgroups,
	const struct out *out);

/* From the beginning, with the next greeting_go(). */
void greeting_restart(struct greeting *greeting);

/* What is attached again, with the next greeting_go(); names follow. */
void greeting_reprobe(struct greeting *greeting);

/* The names again, with the next greeting_go(). */
void greeting_rename(struct greeting *greeting);

/* Tells what is left to be told. 0: all is told; -ENOBUFS: call again when there is room;
 * -ENOTCONN. */
must_check int greeting_go(struct greeting *greeting);
