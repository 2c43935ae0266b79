/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/wiring.h"

#include <jansson.h>
#include <signal.h>

#include "apid/decisions_link.h"
#include "apid/feed_link.h"
#include "apid/routes.h"
#include "apid/server.h"
#include "apid/streams.h"
#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"

static void on_stop(void *ctx)
{
	daemon_notify("STOPPING=1");
	loop_stop(((struct apid *)ctx)->loop);
}

static void on_second(void *ctx)
{
	struct apid *apid = ctx;

	suite_self(&apid->suite, selfstat_get(&apid->selfstat), clock_boottime_ns());
}

static void on_heartbeat(void *ctx)
{
	streams_heartbeat(ctx);
}

static int open_loop(struct apid *apid)
{
	int r = loop_new(&apid->loop);

	if (r == 0)
		r = loop_on_signal(apid->loop, SIGTERM, on_stop, apid);
	if (r == 0)
		r = loop_on_signal(apid->loop, SIGINT, on_stop, apid);
	if (r == 0)
		r = loop_timer_new(apid->loop, on_second, apid, &apid->second);
	if (r == 0)
		r = loop_timer_new(apid->loop, on_heartbeat, apid, &apid->heartbeat);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

static int open_links(struct apid *apid)
{
	struct account ruled, enforcerd;
	int r = daemon_account(&apid->config, ROLE_RULED, &ruled);

	if (r == 0)
		r = daemon_account(&apid->config, ROLE_ENFORCERD, &enforcerd);
	if (r == 0)
		r = feed_link_open(apid, ruled.uid);
	if (r == 0)
		r = decisions_link_open(apid, enforcerd.uid);
	return r;
}

static int open_server(struct apid *apid)
{
	int r;

	apid->routes = &api_routes;
	r = server_new(apid, &apid->server);
	return r < 0 ? log_err_r(r, "HTTP server") : server_listen(apid->server);
}

int wiring_open(struct apid *apid)
{
	int r = open_loop(apid);

	if (r == 0)
		r = open_links(apid);
	if (r == 0)
		r = open_server(apid);
	if (r == 0)
		r = account_open();
	if (r == 0)
		r = selfstat_open(&apid->selfstat, ROLE_APID, apid->start_ns);
	json_object_seed(0); /* reads the system's randomness now */
	return r;
}

int wiring_run(struct apid *apid)
{
	on_second(apid);
	loop_timer_every(apid->second, 1000);
	loop_timer_every(apid->heartbeat, STREAMS_HEARTBEAT_MS);
	daemon_notify("READY=1");
	return loop_run(apid->loop);
}

void wiring_done(struct apid *apid)
{
	server_free(apid->server); /* its connections have last words for enforcerd */
	link_free(apid->feed);
	link_free(apid->decisions);
	loop_event_free(apid->second);
	loop_event_free(apid->heartbeat);
	alerts_done(&apid->alerts);
	incidents_done(&apid->incidents);
	actions_done(&apid->actions);
	rulebook_done(&apid->rules);
	history_done(&apid->history);
	selfstat_close(&apid->selfstat);
	loop_free(apid->loop);
	config_done(&apid->config);
}
