/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/routes.h"

#include "apid/counts.h"
#include "apid/decide.h"
#include "apid/incident_reads.h"
#include "apid/query.h"
#include "apid/reads.h"

#define READ (METHOD_GET | METHOD_HEAD)

static const struct route routes[] = {
	{"/healthz", READ, VERB_NONE, 0, read_healthz},
	{"/readyz", READ, VERB_NONE, 0, read_readyz},
	{"/whoami", READ, VERB_WHOAMI, 0, read_whoami},
	{"/status", READ, VERB_NONE, 0, read_status},
	{"/alerts", READ, VERB_NONE, PARAM_LIMIT | PARAM_SINCE | PARAM_SEVERITY | PARAM_RULE,
		read_alerts},
	{"/timeline", READ, VERB_NONE, PARAM_START | PARAM_END | PARAM_SEVERITY, read_timeline},
	{"/stream", READ, VERB_NONE, PARAM_TYPES, read_stream},
	{"/events", READ, VERB_NONE, PARAM_TYPES, read_stream},
	{"/incidents", READ, VERB_NONE,
		PARAM_LIMIT | PARAM_CURSOR | PARAM_SEVERITY | PARAM_RULE | PARAM_STATUS_OF_INCIDENT,
		read_incidents},
	{"/incidents/summary", READ, VERB_NONE, 0, read_incidents_summary},
	{"/incidents/stats", READ, VERB_NONE, 0, read_incidents_stats},
	{"/incidents/{incident}", READ, VERB_NONE, 0, read_incident},
	{"/rules", READ, VERB_NONE, 0, read_rules},
	{"/rules/mute", METHOD_POST, VERB_MUTE, 0, decide},
	{"/metrics", READ, VERB_NONE, 0, read_metrics},
	{"/metrics/prometheus", READ, VERB_NONE, 0, read_metrics},
	{"/actions", READ, VERB_NONE, PARAM_STATUS, read_actions},
	{"/actions/{action}", READ, VERB_NONE, 0, read_action},
	{"/actions/{action}/approve", METHOD_POST, VERB_APPROVE, 0, decide},
	{"/actions/{action}/reject", METHOD_POST, VERB_REJECT, 0, decide},
	{"/enforcement/hold", METHOD_POST, VERB_HOLD, 0, decide},
	{"/enforcement/resume", METHOD_POST, VERB_RESUME, 0, decide},
};

const struct route_table api_routes = {routes, ARRAY_LEN(routes)};

_Static_assert(ARRAY_LEN(routes) <= COUNTS_ROUTES_MAX, "each route is counted by itself");
