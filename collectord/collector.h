/* SPDX-License-Identifier: AGPL-3.0-only */
/* The parts of collectord and the steps of its life, in the order in which main takes them. Each
 * step says itself what went wrong. */
#pragma once

#include <stdio.h>

#include "collectord/cmdline.h"
#include "collectord/counters.h"
#include "collectord/hierarchy.h"
#include "collectord/host_watch.h"
#include "collectord/probes.h"
#include "collectord/recorder.h"
#include "collectord/ruled_link.h"
#include "collectord/stream.h"
#include "common/account.h"
#include "common/config.h"
#include "common/daemon.h"
#include "common/policy.h"
#include "common/selfstat.h"

struct collectord {
	struct config config;
	struct daemon_options options;
	const char *record_path;
	bool dry_run;
	struct policy policy;
	struct account account, ruled;
	struct hierarchy hierarchy;
	struct cgroups *cgroups;
	struct probes *probes;
	struct counters_map counters;
	struct cmdline cmdline;
	struct host_watch host;
	struct selfstat self;
	struct loop *loop;
	struct recorder recorder;
	struct ruled_link link;
	struct stream *stream;
};

#define COLLECTORD_INIT                                                                            \
	{                                                                                          \
		.hierarchy = HIERARCHY_INIT, .cmdline = CMDLINE_INIT, .host = HOST_WATCH_INIT,     \
		.self = SELFSTAT_INIT                                                              \
	}

/* Everything that needs CAP_BPF and CAP_PERFMON. c->config is read. */
must_check int collectord_load(struct collectord *c);

/* One line for each probe. */
void collectord_report(const struct collectord *c, FILE *file);

/* Opens what must still be there when the rights have gone, and puts the parts together. */
must_check int collectord_prepare(struct collectord *c);

/* Rights go down to what the policy says, the sandbox closes, and it is proven. */
must_check int collectord_confine(struct collectord *c);

/* Until SIGTERM or SIGINT. */
must_check int collectord_serve(struct collectord *c);

void collectord_done(struct collectord *c);
