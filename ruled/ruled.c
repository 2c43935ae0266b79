/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/ruled.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/boot.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/text.h"
#include "ruled/policy.h"
#include "ruled/reload.h"

void ruled_done(struct ruled *d)
{
	events_link_done(&d->events);
	proposals_link_done(&d->proposals);
	feed_link_done(&d->feed);
	engine_free(d->engine);
	loop_event_free(d->second);
	loop_free(d->loop);
	selfstat_close(&d->self);
	rules_file_close(&d->rules_file);
	config_done(&d->config);
}

static void log_alert(const struct engine_alert *alert)
{
	static const char *const severities[SEVERITY_COUNT] = {"info", "low", "medium", "high"};
	struct text said = alert->texts[ALERT_MESSAGE];
	char rule[RULE_NAME_BYTES_MAX * 4 + 1], message[1024];

	text_escape(alert->rule->name, strlen(alert->rule->name), rule, sizeof(rule));
	text_escape(said.data, said.len, message, sizeof(message));
	log_warn("alert %s %s: %s", severities[alert->frame.severity], rule, message);
}

static void on_alert(void *ctx, const struct engine_alert *alert)
{
	struct ruled *d = ctx;
	uint64_t now_ns = clock_boottime_ns();

	d->feed.delay_last_ns = now_ns - MIN(now_ns, alert->frame.time_ns);
	feed_link_tell(&d->feed, FRAME_ALERT, &alert->frame, alert->texts);
	proposals_link_alert(&d->proposals, alert);
	log_alert(alert);
}

static void on_cleared(void *ctx, uint64_t counter, const char *why)
{
	proposals_link_cleared(&((struct ruled *)ctx)->proposals, counter, why);
}

static void on_incident(
	void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	feed_link_tell(&((struct ruled *)ctx)->feed, type, payload, texts);
}

static void on_stop(void *ctx)
{
	daemon_notify("STOPPING=1");
	loop_stop(((struct ruled *)ctx)->loop);
}

static void on_reload(void *ctx)
{
	struct ruled *d = ctx;

	reload_again(&d->rules_file, d->engine, &d->feed);
	events_link_want(&d->events);
}

static void on_second(void *ctx)
{
	struct ruled *d = ctx;

	feed_link_self(&d->feed, selfstat_get(&d->self));
	feed_link_second(&d->feed);
}

static int find_accounts(struct ruled *d)
{
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		int r = account_find(d->config.users[role], &d->accounts[role]);

		if (r < 0)
			return log_err_r(r, "user %s", d->config.users[role]);
	}
	return 0;
}

static int make_engine(struct ruled *d)
{
	struct engine_options options = {
		.retention_ns = d->config.retention.process_seconds * NSEC_PER_SEC,
		.epoch = boot_get()->start_ns,
	};
	const struct engine_sink sink = {on_alert, on_cleared, on_incident, d};

	/* A suite that runs as root must not make every process of root its own. */
	for (enum role role = 0; role < ROLE_COUNT; role++)
		if (d->accounts[role].uid != 0)
			options.suite.uids[options.suite.count++] = d->accounts[role].uid;
	return engine_new(&options, &sink, &d->engine);
}

static int make_loop(struct ruled *d)
{
	int r = loop_new(&d->loop);

	if (r == 0)
		r = loop_on_signal(d->loop, SIGTERM, on_stop, d);
	if (r == 0)
		r = loop_on_signal(d->loop, SIGINT, on_stop, d);
	if (r == 0)
		r = loop_on_signal(d->loop, SIGHUP, on_reload, d);
	if (r == 0)
		r = loop_timer_new(d->loop, on_second, d, &d->second);
	return r;
}

int ruled_wire(struct ruled *d)
{
	int r = find_accounts(d);

	if (r < 0)
		return r;
	r = make_loop(d);
	if (r == 0)
		r = make_engine(d);
	if (r == 0)
		r = feed_link_new(&d->feed, d->loop, d->engine, d->accounts[ROLE_APID].uid);
	if (r == 0)
		r = proposals_link_new(&d->proposals, d->loop, &d->feed, d->engine,
			boot_get()->start_ns, d->accounts[ROLE_ENFORCERD].uid);
	if (r == 0)
		r = events_link_new(
			&d->events, d->loop, d->engine, &d->feed, d->accounts[ROLE_COLLECTORD].uid);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

int ruled_open(struct ruled *d)
{
	int r = reload_first(&d->rules_file, d->engine, &d->feed);

	if (r < 0)
		return r;
	if ((r = events_link_open(&d->events)) < 0)
		return log_err_r(r, "events socket in %s/ruled", run_directory());
	if ((r = account_open()) < 0)
		return log_err_r(r, "/etc");
	r = selfstat_open(&d->self, ROLE_RULED, boot_get()->start_ns);
	return r < 0 ? log_err_r(r, "/proc/self") : 0;
}

int ruled_confine(struct ruled *d)
{
	struct policy_path paths[RULED_PATHS];
	struct policy policy = ruled_policy;
	int landlock_abi, r;
	char rules[32];

	/* By descriptor: the way to it may be closed to our user. */
	snprintf(rules, sizeof(rules), "/proc/self/fd/%d", d->rules_file.directory);
	memcpy(paths, ruled_policy.paths, sizeof(paths));
	paths[RULED_PATH_RULES].path = rules;
	policy.paths = paths;
	r = sandbox_enter(&policy, d->options.seccomp, NULL, &landlock_abi);
	if (r < 0)
		return log_err_r(r, "sandbox");
	if (landlock_abi == 0)
		log_info("this kernel has no Landlock: confined by seccomp alone");
	return daemon_prove(&ruled_policy, &d->accounts[ROLE_RULED]);
}

int ruled_run(struct ruled *d)
{
	int r = feed_link_open(&d->feed);

	if (r == 0)
		r = proposals_link_open(&d->proposals);
	if (r < 0)
		return log_err_r(r, "links");
	on_second(d);
	loop_timer_every(d->second, 1000);
	daemon_notify("READY=1");
	return loop_run(d->loop);
}
