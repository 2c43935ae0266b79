/* SPDX-License-Identifier: AGPL-3.0-only */
/* The parts of the running daemon and how they hold together. Decides nothing: that is the core's.
 */
#pragma once

#include "common/account.h"
#include "common/daemon.h"
#include "enforcerd/audit_past.h"
#include "enforcerd/decisions_link.h"
#include "enforcerd/proposals_link.h"

struct enforcerd {
	struct config config;
	struct daemon_options options;
	struct account accounts[ROLE_COUNT];
	struct audit_past past;
	struct loop *loop;
	struct loop_event *second;
	struct selfstat self;
	struct core core;
	struct proposals_link proposals;
	struct decisions_link decisions;
};

void enforcerd_done(struct enforcerd *d);

/* Names become uids while names can still be looked up in peace. Says what fails, as do the others.
 */
must_check int enforcerd_find_users(struct enforcerd *d);

/* Everything that needs a path, a name or a new socket, before the door closes. */
must_check int enforcerd_open(struct enforcerd *d);

/* Sandbox and proof. */
must_check int enforcerd_confine(struct enforcerd *d);

/* Until SIGTERM. */
must_check int enforcerd_run(struct enforcerd *d);
