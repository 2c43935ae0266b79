/* SPDX-License-Identifier: AGPL-3.0-only */
/* Where frames go: the link to ruled, or a recording. */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

struct out {
	/* 0; -ENOBUFS: full, stream_room() follows; -ENOTCONN: nobody listens. */
	int (*send)(void *ctx, unsigned type, const void *payload, const struct text *texts);
	/* True if all that was sent has left this process. */
	bool (*is_flushed)(void *ctx);
	void *ctx;
};
