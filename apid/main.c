/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix-apid: shows what the suite sees over HTTP and passes people's decisions on. Proposes
 * nothing, decides nothing. */
#include <jansson.h>
#include <signal.h>

#include "apid/apid.h"
#include "apid/decisions_link.h"
#include "apid/feed_link.h"
#include "apid/policy.h"
#include "apid/server.h"
#include "apid/streams.h"
#include "common/boot.h"
#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/sandbox.h"

static const struct daemon_info info = {
	.name = "linnix-apid",
	.summary = "the HTTP API of Linnix: alerts, actions, decisions",
};

static struct apid apid = {.selfstat = SELFSTAT_INIT};
static struct loop_event *heartbeat;

static void on_stop(void *ctx)
{
	(void)ctx;
	daemon_notify("STOPPING=1");
	loop_stop(apid.loop);
}

static void on_second(void *ctx)
{
	(void)ctx;
	suite_self(&apid.suite, selfstat_get(&apid.selfstat), clock_boottime_ns());
}

static void on_heartbeat(void *ctx)
{
	(void)ctx;
	streams_heartbeat(&apid);
}

static int find_peer(enum role role, uid_t *uid)
{
	struct account account;
	int r = account_find(apid.config.users[role], &account);

	if (r < 0)
		return log_err_r(r, "user %s", apid.config.users[role]);
	*uid = account.uid;
	return 0;
}

static int open_links(void)
{
	uid_t ruled, enforcerd;
	int r = find_peer(ROLE_RULED, &ruled);

	if (r == 0)
		r = find_peer(ROLE_ENFORCERD, &enforcerd);
	if (r == 0)
		r = feed_link_open(&apid, ruled);
	if (r == 0)
		r = decisions_link_open(&apid, enforcerd);
	return r;
}

static int set_up_loop(void)
{
	int r = loop_new(&apid.loop);

	if (r == 0)
		r = loop_on_signal(apid.loop, SIGTERM, on_stop, NULL);
	if (r == 0)
		r = loop_on_signal(apid.loop, SIGINT, on_stop, NULL);
	if (r == 0)
		r = loop_timer_new(apid.loop, on_second, NULL, &apid.second);
	if (r == 0)
		r = loop_timer_new(apid.loop, on_heartbeat, NULL, &heartbeat);
	if (r == 0)
		r = server_new(&apid, &apid.server);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

/* Everything that needs a path, a name or a new socket, before the door closes. */
static int open_all(void)
{
	int r = set_up_loop();

	if (r == 0)
		r = open_links();
	if (r == 0)
		r = server_listen(apid.server);
	if (r == 0)
		r = account_open();
	if (r == 0)
		r = selfstat_open(&apid.selfstat, ROLE_APID, apid.start_ns);
	json_object_seed(0); /* reads the system's randomness now */
	return r;
}

static int confine(const struct account *account, enum sandbox_mode mode)
{
	int landlock_abi;
	int r = sandbox_enter(&apid_policy, mode, NULL, &landlock_abi);

	if (r < 0)
		return log_err_r(r, "sandbox");
	if (landlock_abi == 0)
		log_info("this kernel has no Landlock: confined by seccomp alone");
	return daemon_prove(&apid_policy, account);
}

static int run(const struct daemon_options *options)
{
	struct account account;
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	if (r < 0)
		return log_err_r(r, "start");
	r = account_find(apid.config.users[ROLE_APID], &account);
	if (r < 0)
		return log_err_r(r, "user %s", apid.config.users[ROLE_APID]);
	r = privs_drop(&apid_policy, &account);
	if (r < 0)
		return log_err_r(r, "dropping rights to %s", account.name);
	r = open_all();
	if (r == 0)
		r = confine(&account, options->seccomp);
	if (r < 0)
		return r;
	on_second(NULL);
	loop_timer_every(apid.second, 1000);
	loop_timer_every(heartbeat, STREAMS_HEARTBEAT_MS);
	daemon_notify("READY=1");
	return loop_run(apid.loop);
}

static void done(void)
{
	link_free(apid.feed);
	link_free(apid.decisions);
	apid.feed = apid.decisions = NULL;
	server_free(apid.server);
	loop_event_free(apid.second);
	loop_event_free(heartbeat);
	alerts_done(&apid.alerts);
	actions_done(&apid.actions);
	rulebook_done(&apid.rules);
	history_done(&apid.history);
	selfstat_close(&apid.selfstat);
	loop_free(apid.loop);
	config_done(&apid.config);
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	int r = daemon_options(&options, &info, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	config_init(&apid.config);
	apid.start_ns = clock_boottime_ns();
	history_init(&apid.history, apid.start_ns);
	r = daemon_config(&apid.config, &options, &info);
	if (r == 0 && !options.check_config)
		r = run(&options);
	done();
	return daemon_exit(r);
}
