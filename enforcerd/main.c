/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix-enforcerd: ends processes that an approver has condemned, and nothing else. */
#include <signal.h>
#include <stdio.h>

#include "common/boot.h"
#include "common/daemon.h"
#include "common/link_socket.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/sandbox.h"
#include "enforcerd/audit.h"
#include "enforcerd/decide.h"
#include "enforcerd/decisions_link.h"
#include "enforcerd/execute.h"
#include "enforcerd/lifecycle.h"
#include "enforcerd/peer.h"
#include "enforcerd/policy.h"
#include "enforcerd/proc.h"
#include "enforcerd/proposals_link.h"

static const struct daemon_info info = {
	.name = "linnix-enforcerd",
	.summary = "ends what was proposed and approved, and nothing else",
};

static struct config config;
static struct enforcerd self; /* large and all zero at first: what is not used costs nothing */
static struct audit_past past;
static struct account accounts[ROLE_COUNT];

static void on_stop(void *ctx)
{
	(void)ctx;
	daemon_notify("STOPPING=1");
	loop_stop(self.loop);
}

static void on_second(void *ctx)
{
	(void)ctx;
	lifecycle_tick(&self);
	decide_tick(&self);
	decisions_link_tick(&self);
}

/* Names become uids while names can still be looked up in peace. */
static int find_users(void)
{
	const struct config_list *users = &config.enforcement.protect_users;
	struct account account;
	int r;

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		r = account_find(config.users[role], &accounts[role]);
		if (r < 0)
			return log_err_r(r, "user %s", config.users[role]);
		self.policy.suite[role] = accounts[role].uid;
	}
	self.policy.cgroups = &config.enforcement.protect_cgroups;
	for (unsigned i = 0; i < users->count; i++) {
		r = account_find(users->items[i], &account);
		if (r < 0)
			return log_err_r(r, "enforcement.protect.users: %s", users->items[i]);
		self.policy.users[self.policy.user_count++] = account.uid;
	}
	return 0;
}

static int open_audit(void)
{
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/audit.jsonl", daemon_state_directory(ROLE_ENFORCERD));
	r = audit_open(path, &past);
	if (r < 0)
		return log_err_r(r, "%s", path);
	if (past.broken_line > 0)
		log_warn("%s: line %llu does not fit the chain", path,
			(unsigned long long)past.broken_line);
	return 0;
}

static int open_loop(void)
{
	int r = loop_new(&self.loop);

	if (r == 0)
		r = loop_on_signal(self.loop, SIGTERM, on_stop, NULL);
	if (r == 0)
		r = loop_on_signal(self.loop, SIGINT, on_stop, NULL);
	if (r == 0)
		r = loop_timer_new(self.loop, on_second, NULL, &self.tick);
	if (r == 0)
		r = execute_open(&self);
	if (r == 0)
		r = lifecycle_open(&self);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

/* Everything that needs a path, a name or a new socket, before the door closes. */
static int open_all(void)
{
	static char api_socket[CONFIG_TEXT_MAX];
	int r = open_loop();

	if (r == 0)
		r = open_audit();
	if (r < 0)
		return r;
	if ((r = proc_open()) < 0 || (r = hold_open(&self.hold, "/etc")) < 0 ||
		(r = account_open()) < 0)
		return log_err_r(r, "/proc or /etc");
	api_socket_path(config.api.socket, api_socket, sizeof(api_socket));
	if ((r = peer_serves(api_socket, &config.api.listen)) < 0)
		return log_err_r(r, "addresses of the API");
	r = peer_open();
	self.peers_ok = r == 0 && (r = peer_self_check()) == 0;
	if (!self.peers_ok)
		(void)log_warn_r(r,
			"socket owners cannot be looked up (is tcp_diag there?): TCP clients cannot approve");
	if ((r = proposals_link_open(&self, accounts[ROLE_RULED].uid)) < 0 ||
		(r = decisions_link_open(&self, accounts[ROLE_APID].uid)) < 0)
		return log_err_r(r, "sockets below %s/enforcerd", run_directory());
	return selfstat_open(&self.selfstat, ROLE_ENFORCERD, boot_get()->start_ns);
}

static int confine(enum sandbox_mode mode)
{
	int landlock_abi;
	int r = sandbox_enter(&enforcerd_policy, mode, NULL, &landlock_abi);

	if (r < 0)
		return log_err_r(r, "sandbox");
	if (landlock_abi == 0)
		log_info("this kernel has no Landlock: confined by seccomp alone");
	return daemon_prove(&enforcerd_policy, &accounts[ROLE_ENFORCERD]);
}

static int run(const struct daemon_options *options)
{
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	if (r < 0)
		return log_err_r(r, "start");
	self.pid = (uint32_t)getpid();
	self.config = &config;
	claims_init(&self.claims);
	r = find_users();
	if (r < 0)
		return r;
	r = privs_drop(&enforcerd_policy, &accounts[ROLE_ENFORCERD]);
	if (r < 0)
		return log_err_r(r, "dropping rights to %s", accounts[ROLE_ENFORCERD].name);
	r = open_all();
	if (r == 0)
		r = confine(options->seccomp);
	if (r < 0)
		return r;
	r = audit_start(self.loop, &past, execute_on_audit, &self);
	if (r < 0)
		return log_err_r(r, "audit thread");
	lifecycle_resume(&self, &past);
	loop_timer_every(self.tick, 1000);
	daemon_notify("READY=1");
	r = loop_run(self.loop);
	execute_close();
	audit_stop();
	return r;
}

static void done(void)
{
	lifecycle_close(&self);
	link_free(self.proposals);
	link_free(self.decisions);
	loop_event_free(self.tick);
	selfstat_close(&self.selfstat);
	loop_free(self.loop);
	config_done(&config);
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	int r = daemon_options(&options, &info, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	config_init(&config);
	self.selfstat = (struct selfstat)SELFSTAT_INIT;
	r = daemon_config(&config, &options, &info);
	if (r == 0 && !options.check_config)
		r = run(&options);
	done();
	return daemon_exit(r);
}
