/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix-ruled: finds failure patterns in what collectord reports and names the culprit. Proposes; never approves. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/boot.h"
#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/privs.h"
#include "common/selfstat.h"
#include "common/text.h"
#include "ruled/events_link.h"
#include "ruled/policy.h"
#include "ruled/proposals_link.h"
#include "ruled/reload.h"
#include "ruled/replay.h"

#define RULES_PATH_DEFAULT "/etc/linnix/rules.yaml"

struct ruled {
	struct config config;
	struct daemon_options options;
	const char *replay_path, *rules_path;
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

static void done(struct ruled *d)
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

static void on_stop(void *ctx)
{
	daemon_notify("STOPPING=1");
	loop_stop(((struct ruled *)ctx)->loop);
}

static void on_reload(void *ctx)
{
	struct ruled *d = ctx;

	reload_again(&d->rules_file, d->engine, &d->feed);
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
	const struct engine_sink sink = {on_alert, on_cleared, d};

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

static int wire(struct ruled *d)
{
	int r = make_loop(d);

	if (r == 0)
		r = make_engine(d);
	if (r == 0)
		r = feed_link_new(&d->feed, d->loop, d->engine, d->accounts[ROLE_APID].uid);
	if (r == 0)
		r = proposals_link_new(&d->proposals, d->loop, &d->feed, boot_get()->start_ns,
			d->accounts[ROLE_ENFORCERD].uid);
	if (r == 0)
		r = events_link_new(&d->events, d->loop, d->engine, &d->feed,
			d->accounts[ROLE_COLLECTORD].uid);
	return r < 0 ? log_err_r(r, "event loop") : 0;
}

/* Everything that needs a path, now that the rights are down to our own. */
static int open_all(struct ruled *d)
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

static int confine(struct ruled *d)
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

static int serve(struct ruled *d)
{
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	if (r < 0)
		return log_err_r(r, "start");
	if ((r = find_accounts(d)) < 0 || (r = wire(d)) < 0)
		return r;
	r = privs_drop(&ruled_policy, &d->accounts[ROLE_RULED]);
	if (r < 0)
		return log_err_r(r, "dropping rights to %s", d->accounts[ROLE_RULED].name);
	if ((r = open_all(d)) < 0 || (r = confine(d)) < 0 || (r = feed_link_open(&d->feed)) < 0 ||
		(r = proposals_link_open(&d->proposals)) < 0)
		return r;
	on_second(d);
	loop_timer_every(d->second, 1000);
	daemon_notify("READY=1");
	return loop_run(d->loop);
}

/* With the default retention: what a recording tells must not depend on this host's configuration. */
static int play(struct ruled *d)
{
	struct ruleset *ruleset;
	int r = reload_read(&d->rules_file, &ruleset);

	return r < 0 ? r
		     : replay(d->replay_path, ruleset,
			       d->config.retention.process_seconds * NSEC_PER_SEC, stdout);
}

/* --check-config: the configuration was right. */
static int check_rules(struct ruled *d)
{
	_cleanup_(ruleset_freep) struct ruleset *ruleset = NULL;

	return reload_read(&d->rules_file, &ruleset);
}

static int open_rules(struct ruled *d, const char *path)
{
	int r = rules_file_open(&d->rules_file, path);

	return r < 0 ? log_err_r(r, "directory of the rules file %s", path) : 0;
}

/* The configuration's rules, else those of --rules; a recording is played with those of --rules. */
static const char *rules_path(const struct ruled *d)
{
	if (d->config.rules.path[0])
		return d->config.rules.path;
	return d->rules_path ? d->rules_path : RULES_PATH_DEFAULT;
}

static int run(struct ruled *d, const struct daemon_info *info)
{
	int r, rules;

	if (d->replay_path && !d->rules_path)
		return log_err_r(0, "--replay needs --rules"), -EINVAL;
	r = d->replay_path ? 0 : daemon_config(&d->config, &d->options, info);
	/* Problems of the rules are told even if the configuration has some. */
	if (r < 0 && !d->options.check_config)
		return r;
	if (open_rules(d, rules_path(d)) < 0)
		return -ENOENT;
	if (d->replay_path)
		return play(d);
	if (!d->options.check_config)
		return serve(d);
	rules = check_rules(d);
	return r < 0 ? r : rules;
}

int main(int argc, char **argv)
{
	_cleanup_(done) struct ruled d = {.rules_file = RULES_FILE_INIT, .self = SELFSTAT_INIT};
	const struct daemon_option extra[] = {
		{"rules", "FILE", "rules, where the configuration names none (rules.path)", &d.rules_path},
		{"replay", "FILE", "print the alerts that a recording would have given; needs --rules",
			&d.replay_path},
	};
	const struct daemon_info info = {"linnix-ruled",
		"finds failure patterns in what collectord reports and names the culprit", extra,
		ARRAY_LEN(extra)};
	int r;

	config_init(&d.config);
	r = daemon_options(&d.options, &info, argc, argv);
	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	return daemon_exit(run(&d, &info));
}
