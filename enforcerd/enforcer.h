/* SPDX-License-Identifier: AGPL-3.0-only */
/* All of a running enforcerd, for its wiring. Deciding modules get what they need as arguments and
 * do not include this. */
#pragma once

#include "common/config.h"
#include "common/link.h"
#include "common/selfstat.h"
#include "enforcerd/actions.h"
#include "enforcerd/claims.h"
#include "enforcerd/hold.h"
#include "enforcerd/refusals.h"
#include "enforcerd/watch.h"

struct enforcerd {
	const struct config *config;
	struct loop *loop;
	struct loop_event *tick;
	struct link *proposals, *decisions;
	uint64_t proposer;		   /* start time of the ruled that is connected */
	uint32_t pid, ruled_pid, apid_pid; /* own; of the neighbours, 0: not connected */
	bool foreign_pids;		   /* ruled is in another pid namespace */
	bool apid_stale;		   /* something could not be queued for apid */
	struct actions actions;
	struct claims claims;
	struct refusals refusals;
	struct hold hold;
	struct gate_policy policy;
	struct gate_context context; /* of the action judged last, and when that was */
	uint64_t context_of, context_ns;
	struct watch targets;
	struct selfstat selfstat;
	bool peers_ok;
};
