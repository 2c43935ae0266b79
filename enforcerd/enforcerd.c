/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/enforcerd.h"

#include <signal.h>
#include <stdio.h>

#include "common/boot.h"
#include "common/clock.h"
#include "common/link_socket.h"
#include "common/log.h"
#include "enforcerd/audit.h"
#include "enforcerd/decide.h"
#include "enforcerd/execute.h"
#include "enforcerd/lifecycle.h"
#include "enforcerd/policy.h"

static void on_job(struct core *core, const struct job *job)
{
	struct enforcerd *d = container_of(core, struct enforcerd, core);

	proposals_link_tell(&d->proposals, job);
	decisions_link_tell(&d->decisions, job);
}

static void on_enforcer(struct core *core)
{
	decisions_link_tell_enforcer(&container_of(core, struct enforcerd, core)->decisions);
}

static void on_mute(struct core *core, const struct muting *muting)
{
	proposals_link_mute(&container_of(core, struct enforcerd, core)->proposals, muting);
}

static const struct core_ports ports = {
	.boottime_ns = clock_boottime_ns,
	.wall_ns = clock_wall_ns,
	.audit = audit_write,
	.audit_is_ok = audit_is_ok,
	.act = act_start,
	.on_job = on_job,
	.on_enforcer = on_enforcer,
	.on_mute = on_mute,
};

static void on_audit(enum audit_kind kind, uint64_t action, int r, void *ctx)
{
	if (kind == AUDIT_MUTED)
		decide_mute_logged(ctx, r);
	else
		execute_on_audit(kind, action, r, ctx);
}

static void on_stop(void *ctx)
{
	daemon_notify("STOPPING=1");
	loop_stop(((struct enforcerd *)ctx)->loop);
}

static void on_second(void *ctx)
{
	struct enforcerd *d = ctx;

	if (!audit_is_ok())
		audit_probe();
	lifecycle_tick(&d->core);
	decide_tick(&d->core);
	decisions_link_second(&d->decisions);
}

void enforcerd_done(struct enforcerd *d)
{
	lifecycle_close(&d->core);
	proposals_link_done(&d->proposals);
	decisions_link_done(&d->decisions);
	loop_event_free(d->second);
	selfstat_close(&d->self);
	loop_free(d->loop);
	config_done(&d->config);
}

int enforcerd_find_users(struct enforcerd *d)
{
	const struct config_list *users = &d->config.enforcement.protect_users;
	struct gate_policy *policy = &d->core.policy;
	struct account account;
	int r;

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		r = account_find(d->config.users[role], &d->accounts[role]);
		if (r < 0)
			return log_err_r(r, "user %s", d->config.users[role]);
		policy->suite[role] = d->accounts[role].uid;
	}
	policy->cgroups = &d->config.enforcement.protect_cgroups;
	for (unsigned i = 0; i < users->count; i++) {
		r = account_find(users->items[i], &account);
		if (r < 0)
			return log_err_r(r, "enforcement.protect.users: %s", users->items[i]);
		policy->users[policy->user_count++] = account.uid;
	}
	return 0;
}

static int open_loop(struct enforcerd *d)
{
	int r = loop_new(&d->loop);

	if (r == 0)
		r = loop_on_signal(d->loop, SIGTERM, on_stop, d);
	if (r == 0)
		r = loop_on_signal(d->loop, SIGINT, on_stop, d);
	if (r == 0)
		r = loop_timer_new(d->loop, on_second, d, &d->second);
	if (r == 0)
		r = act_init(d->loop, &execute_callbacks, &d->core);
	if (r == 0)
		r = lifecycle_open(&d->core, d->loop);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

static int open_audit(struct audit_past *past)
{
	char path[512];
	int r;

	snprintf(path, sizeof(path), "%s/audit.jsonl", daemon_state_directory(ROLE_ENFORCERD));
	r = audit_open(path, past);
	if (r < 0)
		return log_err_r(r, "%s", path);
	if (past->broken_line > 0)
		log_warn("%s: line %llu does not fit the chain", path,
			(unsigned long long)past->broken_line);
	return 0;
}

/* Only connections to the API's own addresses are evidence of who is at their other end. */
static int open_peers(const struct enforcerd *d)
{
	static char api_socket[CONFIG_TEXT_MAX];
	int r;

	api_socket_path(d->config.api.socket, api_socket, sizeof(api_socket));
	r = peer_serves(api_socket, &d->config.api.listen);
	if (r == 0)
		r = peer_open();
	return r < 0 ? r : peer_self_check();
}

static int open_links(struct enforcerd *d)
{
	int r = open_peers(d);

	if (r < 0)
		(void)log_warn_r(r,
			"socket owners cannot be looked up (is tcp_diag there?): TCP clients cannot approve");
	d->proposals = (struct proposals_link){.core = &d->core};
	d->decisions =
		(struct decisions_link){.core = &d->core, .self = &d->self, .peers_ok = r == 0};
	r = proposals_link_open(&d->proposals, d->loop, d->accounts[ROLE_RULED].uid);
	if (r == 0)
		r = decisions_link_open(&d->decisions, d->loop, d->accounts[ROLE_APID].uid);
	return r < 0 ? log_err_r(r, "sockets below %s/enforcerd", run_directory()) : 0;
}

int enforcerd_open(struct enforcerd *d)
{
	int r;

	d->core.ports = &ports;
	d->core.config = &d->config;
	d->core.suite_pids[SUITE_SELF] = (uint32_t)getpid();
	if ((r = open_loop(d)) < 0 || (r = open_audit(&d->past)) < 0)
		return r;
	if ((r = proc_open()) < 0 || (r = hold_open(&d->core.hold, "/etc")) < 0 ||
		(r = account_open()) < 0)
		return log_err_r(r, "/proc or /etc");
	r = open_links(d);
	return r < 0 ? r : selfstat_open(&d->self, ROLE_ENFORCERD, boot_get()->start_ns);
}

int enforcerd_confine(struct enforcerd *d)
{
	int landlock_abi;
	int r = sandbox_enter(&enforcerd_policy, d->options.seccomp, NULL, &landlock_abi);

	if (r < 0)
		return log_err_r(r, "sandbox");
	if (landlock_abi == 0)
		log_info("this kernel has no Landlock: confined by seccomp alone");
	return daemon_prove(&enforcerd_policy, &d->accounts[ROLE_ENFORCERD]);
}

int enforcerd_run(struct enforcerd *d)
{
	int r = audit_start(d->loop, &d->past, on_audit, &d->core);

	if (r < 0)
		return log_err_r(r, "audit thread");
	lifecycle_resume(&d->core, &d->past);
	loop_timer_every(d->second, 1000);
	daemon_notify("READY=1");
	r = loop_run(d->loop);
	act_done();
	audit_stop();
	return r;
}
