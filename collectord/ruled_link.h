/* SPDX-License-Identifier: AGPL-3.0-only */
/* The events link: connects to ruled and hands it what the stream tells. What ruled wants comes
 * back. */
#pragma once

#include <sys/types.h>

#include "collectord/out.h"
#include "collectord/stream.h"
#include "common/base.h"
#include "common/link.h"
#include "common/loop.h"

struct ruled_link {
	struct link *link;
	struct stream *stream; /* set before ruled_link_open() */
	struct out out;
};

/* Fills @link->out, for stream_new(). @link must not move afterwards. 0 or -errno. */
must_check int ruled_link_new(struct ruled_link *link, struct loop *loop, uid_t ruled_uid);
must_check int ruled_link_open(struct ruled_link *link);
void ruled_link_done(struct ruled_link *link);
