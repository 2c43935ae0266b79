/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/boot.h"
#include "common/log.h"
#include "common/privs.h"

#define OPTIONS_MAX 16

enum common_option { OPT_CONFIG = 1, OPT_CHECK, OPT_SECCOMP, OPT_VERSION, OPT_HELP, OPT_EXTRA };

static int notify_fd = -1;

static void print_help(const struct daemon_info *info)
{
	printf("%s: %s\n\nUsage: %s [OPTION…]\n\n"
	       "  --config FILE        configuration (default %s)\n"
	       "  --check-config       report every problem of the configuration and exit: 0 none, 1 some\n"
	       "  --seccomp=kill|log   what a forbidden system call does: end the daemon (default), or be logged\n",
		info->name, info->summary, info->name, CONFIG_PATH_DEFAULT);
	for (size_t i = 0; i < info->option_count; i++) {
		const struct daemon_option *option = &info->options[i];
		int width = printf("  --%s%s%s", option->name, option->argument ? " " : "",
			option->argument ? option->argument : "");

		printf("%*s%s\n", width < 22 ? 23 - width : 1, "", option->help);
	}
	printf("  --version            print the version and exit\n"
	       "  --help               print this and exit\n\n"
	       "Runs in the foreground. SIGTERM ends it cleanly.\n");
}

static void fill_long_options(const struct daemon_info *info, struct option *all)
{
	size_t n = 0;

	all[n++] = (struct option){"config", required_argument, NULL, OPT_CONFIG};
	all[n++] = (struct option){"check-config", no_argument, NULL, OPT_CHECK};
	all[n++] = (struct option){"seccomp", required_argument, NULL, OPT_SECCOMP};
	all[n++] = (struct option){"version", no_argument, NULL, OPT_VERSION};
	all[n++] = (struct option){"help", no_argument, NULL, OPT_HELP};
	for (size_t i = 0; i < info->option_count && n < OPTIONS_MAX - 1; i++)
		all[n++] = (struct option){info->options[i].name,
			info->options[i].argument ? required_argument : no_argument, NULL, OPT_EXTRA + (int)i};
	all[n] = (struct option){0};
}

static int usage_error(const struct daemon_info *info, const char *what, const char *value)
{
	if (what)
		fprintf(stderr, "%s: %s '%s'\n", info->name, what, value);
	fprintf(stderr, "Try '%s --help'.\n", info->name);
	return -EINVAL;
}

static int set_seccomp(struct daemon_options *options, const struct daemon_info *info, const char *value)
{
	if (strcmp(value, "kill") == 0)
		options->seccomp = SANDBOX_KILL;
	else if (strcmp(value, "log") == 0)
		options->seccomp = SANDBOX_LOG;
	else
		return usage_error(info, "--seccomp is kill or log, not", value);
	return 0;
}

static void set_extra(const struct daemon_option *option)
{
	if (option->argument)
		*(const char **)option->target = optarg;
	else
		*(bool *)option->target = true;
}

/* One option; 0, 1 (done) or -EINVAL. */
static int take_option(struct daemon_options *options, const struct daemon_info *info, int c)
{
	switch (c) {
	case OPT_CONFIG:
		options->config_path = optarg;
		return 0;
	case OPT_CHECK:
		options->check_config = true;
		return 0;
	case OPT_SECCOMP:
		return set_seccomp(options, info, optarg);
	case OPT_VERSION:
		printf("%s %s\n", info->name, LINNIX_VERSION);
		return 1;
	case OPT_HELP:
		print_help(info);
		return 1;
	default:
		if (c < OPT_EXTRA)
			return usage_error(info, NULL, NULL);
		set_extra(&info->options[c - OPT_EXTRA]);
		return 0;
	}
}

int daemon_options(struct daemon_options *options, const struct daemon_info *info, int argc, char **argv)
{
	struct option all[OPTIONS_MAX];
	int c, r;

	*options = (struct daemon_options){.config_path = CONFIG_PATH_DEFAULT};
	log_setup(info->name, LOG_LEVEL_INFO);
	fill_long_options(info, all);
	while ((c = getopt_long(argc, argv, "", all, NULL)) != -1) {
		r = take_option(options, info, c == '?' ? 0 : c);
		if (r != 0)
			return r;
	}
	return optind < argc ? usage_error(info, "unexpected argument", argv[optind]) : 0;
}

void daemon_problems(const struct problems *problems)
{
	for (unsigned i = 0; i < MIN(problems->count, (unsigned)PROBLEMS_MAX); i++)
		log_err("%s", problems->lines[i]);
	if (problems->count > PROBLEMS_MAX)
		log_err("%u more problems", problems->count - PROBLEMS_MAX);
}

int daemon_config(struct config *config, const struct daemon_options *options, const struct daemon_info *info)
{
	_cleanup_(problems_done) struct problems problems = PROBLEMS_INIT;
	int r = config_load(config, options->config_path, &problems);

	daemon_problems(&problems);
	if (r < 0 && problems.count == 0)
		log_err_r(r, "%s", options->config_path);
	if (r == 0)
		log_setup(info->name, config->log.level);
	return r;
}

int daemon_standard(void)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return -errno;
	while (null <= 2) { /* stdout or stderr were closed: fill them, so that no later descriptor gets their place */
		null = dup(null);
		if (null < 0)
			return -errno;
	}
	if (dup2(null, STDIN_FILENO) < 0)
		return -errno;
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	return boot_read();
}

const char *daemon_state_directory(enum role role)
{
	static char path[64];
	const char *directory = getenv("STATE_DIRECTORY");

	if (directory && directory[0] == '/')
		return directory;
	snprintf(path, sizeof(path), "/var/lib/linnix/%s", role_name(role));
	return path;
}

int daemon_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
		close(fd);
		return -errno;
	}
	notify_fd = fd;
	return 0;
}

void daemon_notify(const char *state)
{
	if (notify_fd >= 0)
		(void)!write(notify_fd, state, strlen(state));
}

int daemon_prove(const struct policy *policy, const struct account *account)
{
	char why[128];

	if (privs_prove(policy, account, true, why, sizeof(why)) == 0)
		return 0;
	return log_err_r(-EPERM, "more or other rights than the policy says: %s", why);
}

int daemon_account(const struct config *config, enum role role, struct account *account)
{
	int r = account_find(config->users[role], account);

	return r < 0 ? log_err_r(r, "user %s", config->users[role]) : 0;
}

int daemon_confine(const struct policy *policy, const struct account *account, enum sandbox_mode mode)
{
	int landlock_abi;
	int r = sandbox_enter(policy, mode, NULL, &landlock_abi);

	if (r < 0)
		return log_err_r(r, "sandbox");
	if (landlock_abi == 0)
		log_info("this kernel has no Landlock: confined by seccomp alone");
	return daemon_prove(policy, account);
}

int daemon_exit(int r)
{
	return r >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
