/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What collectord tells, in its order: who the host is, what is attached, how cgroups are called,
 * the time, every live process, then each event; and each second the time, the counters and
 * ourselves. Accounts for every event exactly once. Does not know to whom it tells it.
 */
#pragma once

#include "collectord/cgroups.h"
#include "collectord/cmdline.h"
#include "collectord/counters.h"
#include "collectord/hierarchy.h"
#include "collectord/host_watch.h"
#include "collectord/out.h"
#include "collectord/probes.h"
#include "collectord/ring.h"
#include "common/base.h"
#include "common/config.h"
#include "common/loop.h"
#include "common/selfstat.h"

struct stream;

/* What it tells about; all of it outlives the stream. */
struct stream_sources {
	const struct config *config;
	struct probes *probes;
	const struct counters_map *counters;
	const struct hierarchy *hierarchy;
	const struct cmdline *cmdline;
	const struct host_watch *host;
	struct cgroups *cgroups;
	struct selfstat *self;
};

must_check int stream_new(struct stream **stream, struct loop *loop,
	const struct stream_sources *sources, const struct out *out);
void stream_free(struct stream *stream);
void stream_freep(struct stream **stream);

/* Somebody listens from now on; nobody does any more; there is room again after -ENOBUFS. */
void stream_up(struct stream *stream);
void stream_down(struct stream *stream);
void stream_room(struct stream *stream);

/* Whether the listener wants open TCP connections in samples; until stream_down(). */
void stream_want_connections(struct stream *stream, bool wanted);

/* Once, when no more is to come: takes what is in the ring and tells the counters. */
void stream_finish(struct stream *stream);
