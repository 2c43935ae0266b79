/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/read_file.h"
#include "ruled/detector.h"
#include "ruled/rules_file.h"

#define GOLDEN	  TESTS_DIR "/golden/rules/"
#define FILES_MIN 5 /* a golden folder with fewer was not found */

struct fixture {
	struct problems problems;
	struct ruleset *ruleset;
	char dir[32]; /* of its own, for files made here */
	char path[64];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	strcpy(f->dir, "/tmp/linnix-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/rules.yaml", f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->dir);
	ruleset_free(f->ruleset);
	problems_done(&f->problems);
	free(f);
	return 0;
}

static int parse(struct fixture *f, const char *yaml)
{
	ruleset_free(TAKE_PTR(f->ruleset));
	problems_done(&f->problems);
	return ruleset_parse(yaml, strlen(yaml), "rules.yaml", &f->problems, &f->ruleset);
}

static void takes_every_good_file(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(GOLDEN "good");
	struct dirent *entry;
	unsigned files = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".yaml"))
			continue;
		ruleset_free(TAKE_PTR(f->ruleset));
		if (ruleset_load(dirfd(dir), entry->d_name, entry->d_name, &f->problems,
			    &f->ruleset) != 0)
			fail_msg("%s: %s", entry->d_name,
				f->problems.count > 0 ? f->problems.lines[0] : "?");
		files++;
	}
	closedir(dir);
	assert_true(files >= FILES_MIN);
}

/* All its problems as one text. */
static char *problems_text(const struct problems *problems)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned i = 0; i < MIN(problems->count, (unsigned)PROBLEMS_MAX); i++)
		fprintf(out, "%s\n", problems->lines[i]);
	fclose(out);
	return text;
}

static void check_bad_file(struct fixture *f, int dirfd, const char *name)
{
	_cleanup_free_ char *wanted = NULL, *found = NULL;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), "%.*s.err", (int)(strlen(name) - 5), name);
	assert_int_equal(read_file(dirfd, path, 1 << 20, &wanted, &len), 0);
	assert_int_equal(ruleset_load(dirfd, name, name, &f->problems, &f->ruleset), -EINVAL);
	assert_null(f->ruleset);
	found = problems_text(&f->problems);
	assert_string_equal(found, wanted);
	problems_done(&f->problems);
}

static void tells_every_problem_of_every_bad_file(void **state)
{
	DIR *dir = opendir(GOLDEN "bad");
	struct dirent *entry;
	unsigned files = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".yaml"))
			continue;
		check_bad_file(*state, dirfd(dir), entry->d_name);
		files++;
	}
	closedir(dir);
	assert_true(files >= FILES_MIN);
}

static void the_shipped_rules_are_good(void **state)
{
	static const char *const paths[] = {TESTS_DIR "/../configs/rules.yaml",
		TESTS_DIR "/../configs/rules-production.yaml"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		ruleset_free(TAKE_PTR(f->ruleset));
		assert_int_equal(
			ruleset_load(AT_FDCWD, paths[i], "rules", &f->problems, &f->ruleset), 0);
		assert_non_null(ruleset_find(f->ruleset, "fork_storm"));
		assert_int_equal(
			ruleset_find(f->ruleset, "fork_storm")->action, ACTION_KILL_TREE);
	}
}

static void reads_every_key(void **state)
{
	struct fixture *f = *state;
	const struct rule_def *rule;

	assert_int_equal(ruleset_load(AT_FDCWD, GOLDEN "good/every_key.yaml", "x", &f->problems,
				 &f->ruleset),
		0);
	rule = ruleset_find(f->ruleset, "fork_storm");
	assert_string_equal(rule->detector->name, "forks_per_sec");
	assert_true(rule->threshold == 10.5 && rule->clear_below == 8);
	assert_int_equal(rule->duration_secs, 2);
	assert_int_equal(rule->severity, SEVERITY_HIGH);
	assert_int_equal(rule->cooldown_secs, 30);
	assert_int_equal(rule->scope, SCOPE_TREE);
	assert_string_equal(rule->match.container, "0*");
	assert_true(rule->match.user_set);
	assert_int_equal(rule->match.user, 0);
	assert_int_equal(rule->exclude_count, 2);
	assert_string_equal(rule->exclude[0].comm, "make");
	assert_null(rule->exclude[0].exe);
	assert_int_equal(rule->action, ACTION_KILL_TREE);
	assert_int_equal(rule->signal, SIGKILL);
	rule = ruleset_find(f->ruleset, "crashes");
	assert_int_equal(rule->signal, SIGTERM);
	assert_int_equal(rule->scope, SCOPE_USER);
}

static void has_the_promised_defaults(void **state)
{
	struct fixture *f = *state;
	const struct rule_def *rule;

	assert_int_equal(
		parse(f,
			"- {name: a, detector: short_job_flood, threshold: 50, window_seconds: 9}\n"
			"- {name: b, detector: crash_loop, threshold: 5, window_seconds: 9}\n"
			"- {name: c, detector: exec_rate, regex: x, rate_per_min: 10, median_lifetime: 1}\n"),
		0);
	assert_int_equal(f->ruleset->count, 3);
	rule = f->ruleset->rules[0];
	assert_int_equal(rule->severity, SEVERITY_MEDIUM);
	assert_int_equal(rule->cooldown_secs, 60);
	assert_int_equal(rule->max_exec_duration_ms, 1000);
	assert_int_equal(rule->scope, SCOPE_TREE);
	assert_true(rule->clear_below == 40);
	assert_int_equal(rule->action, ACTION_NONE);
	assert_int_equal(f->ruleset->rules[1]->scope, SCOPE_CGROUP);
	assert_int_equal(f->ruleset->rules[2]->scope, SCOPE_HOST);
	assert_true(
		f->ruleset->rules[2]->threshold == 10 && f->ruleset->rules[2]->clear_below == 8);
}

static void knows_when_two_rules_are_the_same(void **state)
{
	static const char *const changes[] = {"threshold: 4", "window_seconds: 8", "severity: low",
		"cooldown: 1", "scope: host", "match: {comm: a}", "exclude: [{user: 0}]",
		"clear_below: 1", "propose: {action: kill_tree}"};
	struct fixture *f = *state;
	_cleanup_(ruleset_freep) struct ruleset *base = NULL;

	assert_int_equal(
		parse(f, "- {name: a, detector: fork_burst, threshold: 5, window_seconds: 9}\n"),
		0);
	base = TAKE_PTR(f->ruleset);
	assert_int_equal(
		parse(f,
			"- name: a\n  window_seconds: 9\n  threshold: 5.0\n  detector: fork_burst\n"
			"  cooldown: 60\n  severity: medium\n"),
		0);
	assert_true(rule_def_equal(base->rules[0], f->ruleset->rules[0]));
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		char yaml[256];

		snprintf(yaml, sizeof(yaml), "- {name: a, detector: fork_burst%s%s, %s}\n",
			i == 0 ? "" : ", threshold: 5", i == 1 ? "" : ", window_seconds: 9",
			changes[i]);
		assert_int_equal(parse(f, yaml), 0);
		if (rule_def_equal(base->rules[0], f->ruleset->rules[0]))
			fail_msg("%s makes no difference", changes[i]);
	}
}

static char *many_rules(unsigned count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out,
			"- {name: r%u, detector: fork_burst, threshold: 1, window_seconds: 1}\n",
			i);
	fclose(out);
	return text;
}

static void takes_a_thousand_rules_and_no_more(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *most = many_rules(RULES_MAX), *more = many_rules(RULES_MAX + 1);

	assert_int_equal(parse(f, most), 0);
	assert_int_equal(f->ruleset->count, RULES_MAX);
	assert_int_equal(parse(f, more), -EINVAL);
	assert_string_equal(f->problems.lines[0],
		"rules.yaml:1:1: rules: 1001 rules; at most 1000 are allowed");
}

/* Each with every key that a rule on a tree's CPU may have. */
static void takes_a_thousand_full_rules(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (unsigned i = 0; i < RULES_MAX; i++)
		fprintf(out,
			"- {name: a_rule_with_a_name_%u, detector: subtree_cpu_pct, threshold: 5, duration: 2,"
			" scope: tree, severity: high, cooldown: 9, clear_below: 4,"
			" match: {comm: \"worker-*\", exe: \"/usr/lib/applications/*\", cgroup: \"*/app-%u-*\","
			" container: \"*\", user: \"1000\"},"
			" exclude: [{comm: make}, {comm: cc1, user: \"0\"}, {exe: \"/usr/bin/*\"}],"
			" propose: {action: kill_tree, signal: TERM}}\n",
			i, i);
	fclose(out);
	assert_true(size < 1 << 20);
	assert_int_equal(parse(f, text), 0);
	assert_int_equal(f->ruleset->count, RULES_MAX);
	assert_int_equal(f->ruleset->rules[RULES_MAX - 1]->exclude_count, 3);
}

static void write_file(const struct fixture *f, size_t bytes)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < bytes; i++)
		putc(i % 80 == 79 ? '\n' : '#', file);
	fclose(file);
}

/* As ruled reads it: through its directory. */
static int load(struct fixture *f)
{
	struct rules_file file = RULES_FILE_INIT;
	int r;

	assert_int_equal(rules_file_open(&file, f->path), 0);
	r = rules_file_load(&file, &f->problems, &f->ruleset);
	rules_file_close(&file);
	return r;
}

static void refuses_what_is_no_reasonable_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load(f), -EINVAL);
	assert_int_equal(f->problems.count, 1);
	assert_non_null(strstr(f->problems.lines[0], "there is no such file"));
	write_file(f, 10 << 20);
	assert_int_equal(load(f), -EINVAL);
	assert_int_equal(f->problems.count, 2);
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(load(f), -EINVAL);
	assert_int_equal(f->problems.count, 3);
	unlink(f->path);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(load(f), -EINVAL);
	assert_int_equal(f->problems.count, 4);
	rmdir(f->path);
	write_file(f, 1000);
	assert_int_equal(load(f), 0);
	assert_int_equal(f->ruleset->count, 0);
}

/* An editor puts a new file in the place of the old one. */
static void reads_the_file_that_is_there_now(void **state)
{
	struct fixture *f = *state;
	struct rules_file file = RULES_FILE_INIT;
	char other[80];
	FILE *out;

	write_file(f, 10);
	assert_int_equal(rules_file_open(&file, f->path), 0);
	snprintf(other, sizeof(other), "%s.new", f->path);
	out = fopen(other, "w");
	assert_non_null(out);
	fputs("- {name: a, detector: fork_burst, threshold: 1, window_seconds: 1}\n", out);
	fclose(out);
	assert_int_equal(rename(other, f->path), 0);
	assert_int_equal(rules_file_load(&file, &f->problems, &f->ruleset), 0);
	assert_int_equal(f->ruleset->count, 1);
	rules_file_close(&file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(takes_every_good_file),
		TEST(tells_every_problem_of_every_bad_file),
		TEST(the_shipped_rules_are_good),
		TEST(reads_every_key),
		TEST(has_the_promised_defaults),
		TEST(knows_when_two_rules_are_the_same),
		TEST(takes_a_thousand_rules_and_no_more),
		TEST(takes_a_thousand_full_rules),
		TEST(refuses_what_is_no_reasonable_file),
		TEST(reads_the_file_that_is_there_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
