/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Events on their way from the ring to a frame: decoded, told once only, freed of secrets, and each
 * accounted for exactly once. Keeps the names of cgroups up to date on the way.
 */
#pragma once

#include "collectord/cgroups.h"
#include "collectord/decode.h"
#include "collectord/exits.h"
#include "collectord/out.h"
#include "common/base.h"

struct events {
	struct cgroups *cgroups;
	const struct out *out;
	uint32_t page_bytes;
	bool exit_is_exact; /* the end of a process is reported once */
	struct exits exits;
	uint64_t delivered;    /* sent */
	uint64_t unsettled;    /* of these: may not have left yet */
	uint64_t dropped_link; /* for want of a listener */
	uint64_t filtered;     /* left out: reported before, or unreadable */
};

/* 0, or -EPROTO: there is nothing to tell, and that is counted. */
must_check int events_decode(
	struct events *events, const void *data, size_t len, struct decoded *decoded);

/* Sends the event if somebody @listens; changes @decoded. 0: accounted for; -ENOBUFS: tell it again
 * later. */
must_check int events_tell(struct events *events, struct decoded *decoded, bool listens);

/* What was sent has left, if the output says so. */
void events_settle(struct events *events);

/* The listener is gone: what had not left is lost. */
void events_unsettle(struct events *events);
