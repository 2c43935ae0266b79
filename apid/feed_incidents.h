/* SPDX-License-Identifier: AGPL-3.0-only */
/* Incidents on the feed: what ruled tells of them, and what it is told of those that are open when
 * it connects. Never acknowledges; the link's handlers do. */
#pragma once

#include "apid/apid.h"

/* @frame: INCIDENT or evidence of one. 0, or -ENOMEM. */
must_check int feed_incident(struct apid *apid, const struct frame *frame);

/* ruled has connected: RESUME for the newest open incidents, then RESUMED. */
void feed_resume(struct apid *apid);

#define FEED_RESUMES_MAX 1024 /* as many as ruled takes */
#define FEED_RESUME_BYTES_MAX                                                                      \
	((FEED_RESUMES_MAX + 1) *                                                                  \
		(sizeof(struct frame_header) + sizeof(struct resume) + QUERY_RULE_MAX))
