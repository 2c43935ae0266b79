/* SPDX-License-Identifier: AGPL-3.0-only */
/* What every daemon does alike at its start: options, configuration, standard descriptors, readiness. */
#pragma once

#include "common/account.h"
#include "common/base.h"
#include "common/config.h"
#include "common/sandbox.h"

struct daemon_option {
	const char *name;     /* "record" */
	const char *argument; /* "FILE"; NULL: a flag */
	const char *help;
	void *target; /* const char ** or bool * */
};

struct daemon_info {
	const char *name;    /* "linnix-ruled" */
	const char *summary; /* one sentence */
	const struct daemon_option *options;
	size_t option_count;
};

struct daemon_options {
	const char *config_path;
	bool check_config;
	enum sandbox_mode seccomp;
};

/* 0: go on; 1: --help or --version was printed, exit 0; -EINVAL: said on stderr, exit 2. */
must_check int daemon_options(struct daemon_options *options, const struct daemon_info *info, int argc, char **argv);

/* Prints each problem as an error line. */
void daemon_problems(const struct problems *problems);

/*
 * config_load() with problems printed, then log level set. 0 or -errno (said). --check-config: the caller returns
 * daemon_exit(r) next.
 */
must_check int daemon_config(struct config *config, const struct daemon_options *options, const struct daemon_info *info);

/* stdin from /dev/null, missing stdout and stderr likewise, umask 077, SIGPIPE ignored. */
must_check int daemon_standard(void);

/* $STATE_DIRECTORY or /var/lib/linnix/<role>. */
const char *daemon_state_directory(enum role role);

/* sd_notify: opens $NOTIFY_SOCKET if set (before the sandbox), says READY=1, STOPPING=1. */
must_check int daemon_notify_open(void);
void daemon_notify(const char *state);

/* The account of @role as the configuration names it. 0 or -errno (said). */
must_check int daemon_account(const struct config *config, enum role role, struct account *account);

/* Enters the sandbox and proves that no more is left than @policy says. 0 or -errno (said). */
must_check int daemon_confine(const struct policy *policy, const struct account *account, enum sandbox_mode mode);

/* privs_prove() with the difference said on stderr. */
must_check int daemon_prove(const struct policy *policy, const struct account *account);

/* 0 → EXIT_SUCCESS; 1 → EXIT_SUCCESS; -EINVAL of options → 2 is the caller's; else EXIT_FAILURE. */
int daemon_exit(int r);
