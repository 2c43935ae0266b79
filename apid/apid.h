/* SPDX-License-Identifier: AGPL-3.0-only */
/* All that one apid holds: what it knows, whom it talks to, whom it serves. */
#pragma once

#include "apid/actions.h"
#include "apid/alerts.h"
#include "apid/counts.h"
#include "apid/history.h"
#include "apid/incidents.h"
#include "apid/mutes.h"
#include "apid/router.h"
#include "apid/rulebook.h"
#include "apid/suite.h"
#include "common/config.h"
#include "common/link.h"
#include "common/loop.h"
#include "common/selfstat.h"

struct connections;
struct server;

struct apid {
	struct config config;
	struct loop *loop;
	struct link *feed, *decisions;
	const struct route_table *routes;
	struct connections *connections;
	struct server *server;
	struct loop_event *second, *heartbeat;

	struct suite suite;
	struct rulebook rules;
	struct mutes mutes;
	struct alerts alerts;
	struct incidents incidents;
	struct actions actions;
	struct history history;
	struct counts counts;
	struct selfstat selfstat;
	uint64_t start_ns;
	uint64_t decisions_asked; /* numbers the DECIDE frames */
};
