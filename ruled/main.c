/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * linnix-ruled: finds failure patterns in what collectord reports and names the culprit. Proposes;
 * never approves.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/privs.h"
#include "common/text.h"
#include "ruled/bound.h"
#include "ruled/detector.h"
#include "ruled/policy.h"
#include "ruled/reload.h"
#include "ruled/replay.h"
#include "ruled/ruled.h"

#define RULES_PATH_DEFAULT "/etc/linnix/rules.yaml"

static int serve(struct ruled *d)
{
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	if (r < 0)
		return log_err_r(r, "start");
	if ((r = ruled_wire(d)) < 0)
		return r;
	r = privs_drop(&ruled_policy, &d->accounts[ROLE_RULED]);
	if (r < 0)
		return log_err_r(r, "dropping rights to %s", d->accounts[ROLE_RULED].name);
	if ((r = ruled_open(d)) < 0 || (r = ruled_confine(d)) < 0)
		return r;
	return ruled_run(d);
}

/*
 * With the default retention: what a recording tells must not depend on this host's configuration.
 */
static int play(struct ruled *d)
{
	struct ruleset *ruleset;
	int r = reload_read(&d->rules_file, &ruleset);

	return r < 0 ? r
		     : replay(d->replay_path, ruleset,
			       d->config.retention.process_seconds * NSEC_PER_SEC, stdout);
}

static size_t to_kib(size_t bytes)
{
	return (bytes + 1023) / 1024;
}

static void print_bounds(const struct ruleset *ruleset)
{
	size_t total = 0;

	for (unsigned i = 0; i < ruleset->count; i++) {
		const struct rule_def *rule = ruleset->rules[i];
		char name[RULE_NAME_BYTES_MAX * 4 + 1];
		size_t bytes = bound_of_rule(rule);

		total += bytes;
		text_escape(rule->name, strlen(rule->name), name, sizeof(name));
		printf("%s: %s: at most %zu KiB of memory\n", name, rule->detector->name, to_kib(bytes));
	}
	printf("%u rules: at most %zu KiB of memory\n", ruleset->count, to_kib(total));
}

/* --check-config: the configuration was right. */
static int check_rules(struct ruled *d)
{
	_cleanup_(ruleset_freep) struct ruleset *ruleset = NULL;
	int r;

	if ((r = reload_read(&d->rules_file, &ruleset)) == 0)
		print_bounds(ruleset);
	return r;
}

static int open_rules(struct ruled *d, const char *path)
{
	int r = rules_file_open(&d->rules_file, path);

	/* A replay shows what the rules of its file would tell; there is no configuration. */
	d->rules_file.breakers = d->replay_path ? NULL : &d->config.circuit_breaker;
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
	_cleanup_(ruled_done) struct ruled d = RULED_INIT;
	const struct daemon_option extra[] = {
		{"rules", "FILE", "rules, where the configuration names none (rules.path)",
			&d.rules_path},
		{"replay", "FILE",
			"print the alerts that a recording would have given; needs --rules",
			&d.replay_path},
	};
	const struct daemon_info info = {"linnix-ruled",
		"finds failure patterns in what collectord reports and names the culprit", extra,
		ARRAY_LEN(extra)};
	int r;

	config_init(&d.config);
	r = daemon_options(&d.options, &info, argc, argv);
	if (r == 0 && d.replay_path && !d.rules_path) {
		log_err("--replay needs --rules");
		r = -EINVAL;
	}
	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	return daemon_exit(run(&d, &info));
}
