/* SPDX-License-Identifier: AGPL-3.0-only */
/* The parts of the running daemon and how they hold together. Decides nothing: that is the engine's. */
#pragma once

#include "common/account.h"
#include "common/config.h"
#include "common/daemon.h"
#include "common/selfstat.h"
#include "ruled/events_link.h"
#include "ruled/proposals_link.h"
#include "ruled/rules_file.h"

struct ruled {
	struct config config;
	struct daemon_options options;
	const char *replay_path, *rules_path; /* options; NULL: not given */
	struct rules_file rules_file;
	struct account accounts[ROLE_COUNT];
	struct selfstat self;
	struct loop *loop;
	struct loop_event *second;
	struct engine *engine;
	struct feed_link feed;
	struct proposals_link proposals;
	struct events_link events;
};

#define RULED_INIT \
	{ \
		.rules_file = RULES_FILE_INIT, .self = SELFSTAT_INIT \
	}

void ruled_done(struct ruled *ruled);

/* Makes all parts; opens nothing yet. Says what fails, as do the others. */
must_check int ruled_wire(struct ruled *ruled);

/* Everything that needs a path; as our own user, so that what fails later fails now. */
must_check int ruled_open(struct ruled *ruled);

/* Sandbox and proof. */
must_check int ruled_confine(struct ruled *ruled);

/* Until SIGTERM. */
must_check int ruled_run(struct ruled *ruled);
