/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * linnix.yaml as every daemon sees it: one table of keys, validated whole by each daemon.
 * Reads one file; reports every problem of it; never guesses a value.
 */
#pragma once

#include "common/base.h"
#include "common/config_list.h"
#include "common/log.h"
#include "common/problems.h"
#include "proto/frame.h"

#define CONFIG_PATH_DEFAULT "/etc/linnix/linnix.yaml"
#define CONFIG_LISTEN_MAX   8
#define CONFIG_HOSTS_MAX    16

enum mode { MODE_MONITOR, MODE_ENFORCE };

enum via { VIA_UNIX = 1 << 0, VIA_TCP = 1 << 1 };

/* What counts as too much of the whole host; each for grace_secs. */
struct breaker_config {
	bool enabled;
	double cpu_use_pct;			/* of all CPUs; for the CPU's breaker, with its stall */
	double stall_pct[PRESSURE_RESOURCES];	/* as PSI's avg10: some for the CPU, full for the others */
	uint32_t grace_secs;
	enum action_type action; /* proposed against who stands out */
};

struct config {
	enum mode mode;
	struct {
		enum log_level level;
	} log;
	char users[ROLE_COUNT][CONFIG_TEXT_MAX]; /* name or decimal number; indexed by enum role */
	struct {
		uint32_t sample_interval_ms;
		uint32_t ring_bytes; /* power of two */
		bool capture_args;
		bool network;
		uint32_t cpu_budget_pct; /* of one core */
	} collector;
	struct {
		char path[CONFIG_TEXT_MAX]; /* "": not given */
	} rules;
	struct breaker_config circuit_breaker;
	struct {
		uint32_t process_seconds;
	} retention;
	struct {
		struct config_list
			listen; /* "127.0.0.1:3000", "[::1]:3000"; each passes listen_parse() */
		char socket[CONFIG_TEXT_MAX];
		struct config_list allowed_hosts;
	} api;
	struct {
		uint32_t approval_ttl_secs, execution_ttl_secs, max_actions_per_hour,
			term_grace_secs;
		uint32_t approvers_required;
		struct config_list auto_rules, protect_users,
			protect_cgroups; /* cgroups pass glob_check() */
	} enforcement;
	struct {
		char group[CONFIG_TEXT_MAX];
		uint32_t via; /* enum via bits */
	} approvers;
};

/* Fills @config with the defaults; then config_done() is safe. */
void config_init(struct config *config);
void config_done(struct config *config);

/*
 * Reads @path over the defaults. A missing file is no error. Every problem is added to @problems as
 * file:line:col: key: reason. Returns 0, or -EINVAL if there was any (then @config holds defaults
 * plus what could be read and must not be used), or -errno if the file cannot be opened or read,
 * which is a problem too.
 */
must_check int config_load(struct config *config, const char *path, struct problems *problems);

/* The same from @len bytes of @data; @shown is the file's name in problems. */
must_check int config_parse(struct config *config, const char *data, size_t len, const char *shown,
	struct problems *problems);
