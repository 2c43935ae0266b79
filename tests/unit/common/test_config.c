/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/read_file.h"

#define GOLDEN	  TESTS_DIR "/golden/config/"
#define FILES_MIN 5 /* a golden folder with fewer was not found */

struct fixture {
	struct config config;
	struct problems problems;
	char dir[32]; /* of its own, for files made here */
	char path[64];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	config_init(&f->config);
	strcpy(f->dir, "/tmp/linnix-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/linnix.yaml", f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->dir);
	config_done(&f->config);
	problems_done(&f->problems);
	free(f);
	return 0;
}

static void start_again(struct fixture *f)
{
	problems_done(&f->problems);
	config_done(&f->config);
	config_init(&f->config);
}

static int parse(struct fixture *f, const char *yaml)
{
	start_again(f);
	return config_parse(&f->config, yaml, strlen(yaml), "linnix.yaml", &f->problems);
}

static void assert_one_problem(const struct fixture *f, const char *line)
{
	assert_int_equal(f->problems.count, 1);
	assert_string_equal(f->problems.lines[0], line);
}

static void assert_lists_equal(const struct config_list *a, const struct config_list *b)
{
	assert_int_equal(a->count, b->count);
	for (unsigned i = 0; i < a->count; i++)
		assert_string_equal(a->items[i], b->items[i]);
}

static void assert_defaults(const struct config *config)
{
	struct config d;

	config_init(&d);
	assert_int_equal(config->mode, d.mode);
	assert_int_equal(config->log.level, d.log.level);
	for (int role = 0; role < ROLE_COUNT; role++)
		assert_string_equal(config->users[role], d.users[role]);
	assert_int_equal(config->collector.sample_interval_ms, d.collector.sample_interval_ms);
	assert_int_equal(config->collector.ring_bytes, d.collector.ring_bytes);
	assert_int_equal(config->collector.capture_args, d.collector.capture_args);
	assert_int_equal(config->collector.network, d.collector.network);
	assert_int_equal(config->collector.cpu_budget_pct, d.collector.cpu_budget_pct);
	assert_string_equal(config->rules.path, d.rules.path);
	assert_int_equal(config->circuit_breaker.enabled, d.circuit_breaker.enabled);
	assert_true(config->circuit_breaker.cpu_use_pct == d.circuit_breaker.cpu_use_pct);
	for (int i = 0; i < PRESSURE_RESOURCES; i++)
		assert_true(config->circuit_breaker.stall_pct[i] == d.circuit_breaker.stall_pct[i]);
	assert_int_equal(config->circuit_breaker.grace_secs, d.circuit_breaker.grace_secs);
	assert_int_equal(config->circuit_breaker.action, d.circuit_breaker.action);
	assert_int_equal(config->retention.process_seconds, d.retention.process_seconds);
	assert_lists_equal(&config->api.listen, &d.api.listen);
	assert_string_equal(config->api.socket, d.api.socket);
	assert_lists_equal(&config->api.allowed_hosts, &d.api.allowed_hosts);
	assert_int_equal(config->enforcement.approval_ttl_secs, d.enforcement.approval_ttl_secs);
	assert_int_equal(config->enforcement.execution_ttl_secs, d.enforcement.execution_ttl_secs);
	assert_int_equal(
		config->enforcement.max_actions_per_hour, d.enforcement.max_actions_per_hour);
	assert_int_equal(config->enforcement.term_grace_secs, d.enforcement.term_grace_secs);
	assert_int_equal(config->enforcement.approvers_required, d.enforcement.approvers_required);
	assert_lists_equal(&config->enforcement.auto_rules, &d.enforcement.auto_rules);
	assert_lists_equal(&config->enforcement.protect_users, &d.enforcement.protect_users);
	assert_lists_equal(&config->enforcement.protect_cgroups, &d.enforcement.protect_cgroups);
	assert_string_equal(config->approvers.group, d.approvers.group);
	assert_int_equal(config->approvers.via, d.approvers.via);
	config_done(&d);
}

static void has_the_promised_defaults(void **state)
{
	struct fixture *f = *state;
	const struct config *c = &f->config;

	assert_int_equal(c->mode, MODE_MONITOR);
	assert_int_equal(c->log.level, LOG_LEVEL_INFO);
	assert_string_equal(c->users[ROLE_COLLECTORD], "linnix-collectord");
	assert_string_equal(c->users[ROLE_ENFORCERD], "linnix-enforcerd");
	assert_int_equal(c->collector.sample_interval_ms, 1000);
	assert_int_equal(c->collector.ring_bytes, 4194304);
	assert_true(c->collector.capture_args);
	assert_true(c->collector.network);
	assert_int_equal(c->collector.cpu_budget_pct, 5);
	assert_string_equal(c->rules.path, "");
	assert_true(c->circuit_breaker.enabled);
	assert_true(c->circuit_breaker.cpu_use_pct == 90);
	assert_true(c->circuit_breaker.stall_pct[PRESSURE_CPU] == 40);
	assert_true(c->circuit_breaker.stall_pct[PRESSURE_MEMORY] == 30);
	assert_true(c->circuit_breaker.stall_pct[PRESSURE_IO] == 50);
	assert_int_equal(c->circuit_breaker.grace_secs, 15);
	assert_int_equal(c->circuit_breaker.action, ACTION_KILL_PROCESS);
	assert_int_equal(c->retention.process_seconds, 300);
	assert_int_equal(c->api.listen.count, 2);
	assert_string_equal(c->api.listen.items[0], "127.0.0.1:3000");
	assert_string_equal(c->api.listen.items[1], "[::1]:3000");
	assert_string_equal(c->api.socket, "/run/linnix/apid/api.sock");
	assert_int_equal(c->enforcement.approval_ttl_secs, 300);
	assert_int_equal(c->enforcement.execution_ttl_secs, 60);
	assert_int_equal(c->enforcement.max_actions_per_hour, 10);
	assert_int_equal(c->enforcement.term_grace_secs, 5);
	assert_int_equal(c->enforcement.approvers_required, 1);
	assert_int_equal(c->enforcement.auto_rules.count, 0);
	assert_string_equal(c->approvers.group, "linnix-approvers");
	assert_int_equal(c->approvers.via, VIA_UNIX | VIA_TCP);
}

static void ships_a_file_that_says_every_default(void **state)
{
	static const char *const keys[] = {"mode", "level", "collectord", "ruled", "apid",
		"enforcerd", "sample_interval_ms", "ring_bytes", "capture_args", "network",
		"cpu_budget_pct", "path",
		"enabled", "cpu_usage_threshold", "cpu_psi_threshold", "memory_psi_threshold",
		"io_psi_threshold", "grace_period_secs", "action", "process_seconds", "listen",
		"socket", "allowed_hosts", "approval_ttl_secs", "execution_ttl_secs",
		"max_actions_per_hour", "term_grace_secs", "approvers_required", "auto_rules",
		"users", "cgroups", "group", "via"};
	struct fixture *f = *state;
	_cleanup_free_ char *data = NULL;
	char line[64];
	size_t len;

	/* Values that the file has to bring back to the defaults. */
	f->config.mode = MODE_ENFORCE;
	f->config.approvers.via = 0;
	f->config.api.listen.count = 1;
	f->config.collector.capture_args = f->config.collector.network = false;
	f->config.circuit_breaker = (struct breaker_config){0};
	assert_int_equal(
		config_load(&f->config, TESTS_DIR "/../configs/linnix.yaml", &f->problems), 0);
	assert_int_equal(f->problems.count, 0);
	assert_defaults(&f->config);
	assert_int_equal(
		read_file(AT_FDCWD, TESTS_DIR "/../configs/linnix.yaml", 1 << 20, &data, &len), 0);
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
		snprintf(line, sizeof(line), "%s%s:", i == 0 ? "" : "  ", keys[i]);
		if (!strstr(data, line))
			fail_msg("%s is not in configs/linnix.yaml", keys[i]);
	}
}

static void takes_a_missing_file_for_the_defaults(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_load(&f->config, f->path, &f->problems), 0);
	assert_int_equal(f->problems.count, 0);
	assert_defaults(&f->config);
}

static void reads_every_key(void **state)
{
	struct fixture *f = *state;
	const struct config *c = &f->config;

	assert_int_equal(
		parse(f,
			"mode: enforce\n"
			"log: {level: error}\n"
			"users: {collectord: a, ruled: 12, apid: c.d, enforcerd: e-f_g}\n"
			"collector: {sample_interval_ms: 250, ring_bytes: 131072, capture_args: false, network: false,\n"
			"  cpu_budget_pct: 7}\n"
			"rules: {path: /r}\n"
			"retention: {process_seconds: 11}\n"
			"api: {listen: ['[::1]:80'], socket: /s, allowed_hosts: [a.b, c]}\n"
			"enforcement:\n"
			"  {approval_ttl_secs: 2, execution_ttl_secs: 3, max_actions_per_hour: 4,\n"
			"   term_grace_secs: 6, approvers_required: 2, auto_rules: [r, s],\n"
			"   protect: {users: [postgres, 5], cgroups: ['*/docker-*']}}\n"
			"approvers: {group: wheel, via: [tcp]}\n"),
		0);
	assert_int_equal(c->mode, MODE_ENFORCE);
	assert_int_equal(c->log.level, LOG_LEVEL_ERROR);
	assert_string_equal(c->users[ROLE_COLLECTORD], "a");
	assert_string_equal(c->users[ROLE_RULED], "12");
	assert_string_equal(c->users[ROLE_APID], "c.d");
	assert_string_equal(c->users[ROLE_ENFORCERD], "e-f_g");
	assert_int_equal(c->collector.sample_interval_ms, 250);
	assert_int_equal(c->collector.ring_bytes, 131072);
	assert_false(c->collector.capture_args);
	assert_false(c->collector.network);
	assert_int_equal(c->collector.cpu_budget_pct, 7);
	assert_string_equal(c->rules.path, "/r");
	assert_int_equal(c->retention.process_seconds, 11);
	assert_int_equal(c->api.listen.count, 1);
	assert_string_equal(c->api.listen.items[0], "[::1]:80");
	assert_string_equal(c->api.socket, "/s");
	assert_int_equal(c->api.allowed_hosts.count, 2);
	assert_string_equal(c->api.allowed_hosts.items[1], "c");
	assert_int_equal(c->enforcement.approval_ttl_secs, 2);
	assert_int_equal(c->enforcement.execution_ttl_secs, 3);
	assert_int_equal(c->enforcement.max_actions_per_hour, 4);
	assert_int_equal(c->enforcement.term_grace_secs, 6);
	assert_int_equal(c->enforcement.approvers_required, 2);
	assert_true(config_list_has(&c->enforcement.auto_rules, "s"));
	assert_true(config_list_has(&c->enforcement.protect_users, "5"));
	assert_true(config_list_has(&c->enforcement.protect_cgroups, "*/docker-*"));
	assert_string_equal(c->approvers.group, "wheel");
	assert_int_equal(c->approvers.via, VIA_TCP);
}

/* Calls @check for each NAME.yaml of a golden folder. */
static void each_golden(
	struct fixture *f, const char *folder, void (*check)(struct fixture *, const char *name))
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned files = 0;

	assert_non_null(dir);
	assert_int_equal(chdir(folder), 0);
	while ((entry = readdir(dir))) {
		if (strlen(entry->d_name) < 5 || strcmp(strrchr(entry->d_name, '.'), ".yaml") != 0)
			continue;
		files++;
		start_again(f);
		check(f, entry->d_name);
	}
	closedir(dir);
	assert_true(files >= FILES_MIN);
}

static void assert_good(struct fixture *f, const char *name)
{
	int r = config_load(&f->config, name, &f->problems);

	if (r != 0 || f->problems.count > 0)
		fail_msg("%s: %d, %s", name, r,
			f->problems.count ? f->problems.lines[0] : "no problem told");
}

static void accepts_the_good_files(void **state)
{
	each_golden(*state, GOLDEN "good", assert_good);
}

static void assert_bad(struct fixture *f, const char *name)
{
	_cleanup_free_ char *expected = NULL;
	char path[128], told[65536] = "";
	size_t len, used = 0;

	snprintf(path, sizeof(path), "%.*s.err", (int)(strlen(name) - 5), name);
	if (read_file(AT_FDCWD, path, sizeof(told), &expected, &len) < 0)
		fail_msg("%s is missing", path);
	assert_int_equal(config_load(&f->config, name, &f->problems), -EINVAL);
	assert_in_range(f->problems.count, 1, PROBLEMS_MAX);
	for (unsigned i = 0; i < f->problems.count; i++)
		used += (size_t)snprintf(
			told + used, sizeof(told) - used, "%s\n", f->problems.lines[i]);
	if (strcmp(told, expected) != 0)
		fail_msg("%s tells\n%snot\n%s", name, told, expected);
}

static void tells_every_problem_of_the_bad_files(void **state)
{
	each_golden(*state, GOLDEN "bad", assert_bad);
}

static void refuses_a_fifo_without_waiting(void **state)
{
	struct fixture *f = *state;
	char line[128];

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), -EINVAL);
	snprintf(line, sizeof(line), "%s:1:1: not a regular file", f->path);
	assert_one_problem(f, line);
}

static void refuses_directories_and_devices(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_load(&f->config, "/tmp", &f->problems), -EINVAL);
	assert_one_problem(f, "/tmp:1:1: not a regular file");
	start_again(f);
	assert_int_equal(config_load(&f->config, "/dev/null", &f->problems), -EINVAL);
	assert_one_problem(f, "/dev/null:1:1: not a regular file");
}

/* A comment of @bytes bytes, the last of them a newline. */
static void write_comment(const char *path, size_t bytes)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	for (size_t i = 1; i < bytes; i++)
		assert_true(putc_unlocked(i % 100 == 1 ? '#' : i % 100 ? ' ' : '\n', file) >= 0);
	putc_unlocked('\n', file);
	assert_int_equal(fclose(file), 0);
}

static void refuses_a_file_of_more_than_a_mebibyte(void **state)
{
	struct fixture *f = *state;
	char line[128];

	snprintf(line, sizeof(line), "%s:1:1: larger than 1 MiB", f->path);
	write_comment(f->path, 1 << 20);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), 0);
	write_comment(f->path, (1 << 20) + 1);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), -EINVAL);
	assert_one_problem(f, line);
	start_again(f);
	write_comment(f->path, 10000000);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), -EINVAL);
	assert_one_problem(f, line);
}

static void says_why_a_file_cannot_be_opened(void **state)
{
	struct fixture *f = *state;
	char line[160];

	assert_int_equal(symlink(f->path, f->path), 0);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), -ELOOP);
	snprintf(line, sizeof(line), "%s:1:1: cannot be read: Too many levels of symbolic links",
		f->path);
	assert_one_problem(f, line);
}

static void follows_a_symbolic_link(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(symlink(TESTS_DIR "/../configs/linnix.yaml", f->path), 0);
	assert_int_equal(config_load(&f->config, f->path, &f->problems), 0);
}

static void keeps_what_stood_before_a_bad_value(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		parse(f,
			"mode: x\napi: {listen: [a], allowed_hosts: ['/']}\napprovers: {via: [x]}\n"),
		-EINVAL);
	assert_int_equal(f->problems.count, 4);
	assert_defaults(&f->config);
}

static void counts_problems_beyond_those_it_keeps(void **state)
{
	struct fixture *f = *state;
	char yaml[4096];
	size_t used = 0;

	for (int i = 0; i < 100; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "key_%d: 1\n", i);
	assert_int_equal(parse(f, yaml), -EINVAL);
	assert_int_equal(f->problems.count, 100);
	assert_non_null(f->problems.lines[PROBLEMS_MAX - 1]);
}

static void allows_at_most_64_texts_in_a_list(void **state)
{
	struct fixture *f = *state;
	char yaml[4096];
	size_t used = (size_t)snprintf(yaml, sizeof(yaml), "enforcement: {auto_rules: [");

	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "rule_%d, ", i);
	snprintf(yaml + used, sizeof(yaml) - used, "]}\n");
	assert_int_equal(parse(f, yaml), 0);
	assert_int_equal(f->config.enforcement.auto_rules.count, CONFIG_LIST_MAX);
	assert_string_equal(f->config.enforcement.auto_rules.items[63], "rule_63");
	snprintf(yaml + used, sizeof(yaml) - used, "one_more]}\n");
	assert_int_equal(parse(f, yaml), -EINVAL);
	assert_one_problem(f,
		"linnix.yaml:1:27: enforcement.auto_rules: expected at most 64 texts, found a list");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(has_the_promised_defaults),
		test(ships_a_file_that_says_every_default),
		test(takes_a_missing_file_for_the_defaults),
		test(reads_every_key),
		test(accepts_the_good_files),
		test(tells_every_problem_of_the_bad_files),
		test(refuses_a_fifo_without_waiting),
		test(refuses_directories_and_devices),
		test(refuses_a_file_of_more_than_a_mebibyte),
		test(says_why_a_file_cannot_be_opened),
		test(follows_a_symbolic_link),
		test(keeps_what_stood_before_a_bad_value),
		test(counts_problems_beyond_those_it_keeps),
		test(allows_at_most_64_texts_in_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
