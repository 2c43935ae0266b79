/* SPDX-License-Identifier: AGPL-3.0-only */
/* The detecting core on made-up hosts: large, long, deep, lossy and hostile ones. */
#include <errno.h>

#include "proto/recording.h"
#include "ruled/replay.h"
#include "tests/harness/synthetic.h"
#include "tests/unit/ruled/engine_fixture.h"

#define HOUR	      3600
#define GOLDEN(name)  TESTS_DIR "/golden/alerts/" name
#define STORM_RULE    "- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 30}\n"
#define RSS_BYTES_MAX (2 << 20) /* by which it may grow in 22 hours */
#define USER	      1000

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0)
		fail_msg("%s cannot be read", path);
	fclose(file);
	return text;
}

static int write_frame(void *ctx, const void *frame, size_t bytes)
{
	return fwrite(frame, bytes, 1, ctx) == 1 ? 0 : -EIO;
}

/* What a replay of @plan with the rules in @yaml prints. */
static char *replayed(const struct synthetic_plan *plan, const char *yaml)
{
	char path[] = "/tmp/linnix-test-XXXXXX", *text = NULL;
	struct synthetic_totals totals;
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w"), *out;
	size_t size;

	assert_non_null(file);
	assert_int_equal(recording_start(file), 0);
	assert_int_equal(synthetic_play(plan, write_frame, file, &totals), 0);
	fclose(file);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(replay(path, rules_of(yaml), 300 * NSEC_PER_SEC, out), 0);
	fclose(out);
	unlink(path);
	return text;
}

static const struct synthetic_plan STORMY = {.seed = 1,
	.processes = 1000,
	.seconds = 90,
	.events_per_sec = 300,
	.changed_per_sec = 50,
	.full_every_secs = 30,
	.storm_every_secs = 30};

static void tells_of_a_made_host_what_it_always_told(void **state)
{
	_cleanup_free_ char *rules = read_whole(GOLDEN("rules.yaml"));
	_cleanup_free_ char *told = replayed(&STORMY, rules);
	_cleanup_free_ char *wanted = read_whole(GOLDEN("seed-1.jsonl"));

	(void)state;
	assert_string_equal(told, wanted);
}

static unsigned lines_with(const char *text, const char *part)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* Rules that share their windows tell each what it would tell alone. */
static void rules_that_count_alike_do_not_disturb_each_other(void **state)
{
	static const char *const rules[] = {
		"- {name: low, detector: fork_burst, threshold: 30, window_seconds: 5}\n",
		"- {name: high, detector: fork_burst, threshold: 150, window_seconds: 5}\n",
		"- {name: never, detector: fork_burst, threshold: 100000, window_seconds: 5}\n",
		"- {name: other, detector: fork_burst, threshold: 30, window_seconds: 5, match: {comm: none}}\n",
		"- {name: user, detector: fork_burst, threshold: 30, window_seconds: 5, scope: user}\n",
	};
	char all[1024] = "";
	_cleanup_free_ char *together = NULL;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		strncat(all, rules[i], sizeof(all) - strlen(all) - 1);
	together = replayed(&STORMY, all);
	assert_true(lines_with(together, "\"rule\":\"high\"") > 0);
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		_cleanup_free_ char *alone = replayed(&STORMY, rules[i]);
		char name[32], part[64];

		assert_int_equal(sscanf(rules[i], "- {name: %31[a-z]", name), 1);
		snprintf(part, sizeof(part), "\"rule\":\"%s\"", name);
		assert_int_equal(lines_with(together, part), lines_with(alone, part));
	}
}

struct day {
	struct fixture *f;
	uint64_t seconds;
	long rss_early;
};

static long rss_bytes(void)
{
	long total, resident;
	FILE *file = fopen("/proc/self/statm", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
	fclose(file);
	return resident * sysconf(_SC_PAGESIZE);
}

static int live(void *ctx, const void *bytes, size_t length)
{
	struct day *day = ctx;
	static uint64_t body[FRAME_BYTES_MAX / sizeof(uint64_t)];
	struct frame_header header;
	struct frame frame;
	const char *why = "";

	memcpy(&header, bytes, sizeof(header));
	memcpy(body, (const char *)bytes + sizeof(header), length - sizeof(header));
	if (frame_check_header(&header, WAY_EVENTS_UP, &why) < 0 ||
		frame_parse(&header, body, &frame, &why) < 0)
		fail_msg("%s", why);
	if (header.type == FRAME_TICK && day->seconds++ == 2 * HOUR)
		day->rss_early = rss_bytes();
	engine_frame(day->f->engine, &frame);
	day->f->incident_count = 0; /* that the test keeps them is not to be measured */
	return 0;
}

static void a_day_needs_no_more_memory_than_two_hours(void **state)
{
	struct fixture *f = *state;
	const struct synthetic_plan plan = {.seed = 7,
		.processes = 200,
		.seconds = 24 * HOUR,
		.events_per_sec = 3,
		.changed_per_sec = 2,
		.full_every_secs = 600,
		.storm_every_secs = 2 * HOUR,
		.storm_events_per_sec = 120};
	struct synthetic_totals totals;
	struct day day = {.f = f};

#ifdef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
	skip();
#endif
	use_rules(f, STORM_RULE
		"- {name: spike, detector: subtree_cpu_pct, threshold: 50, duration: 5}\n"
		"- {name: leak, detector: rss_growth_mb, threshold: 50, window_seconds: 10}\n");
	assert_int_equal(synthetic_play(&plan, live, &day, &totals), 0);
	assert_int_equal(day.seconds, 24 * HOUR);
	assert_int_equal(totals.storms, 12);
	assert_int_equal(f->count, totals.storms);
	assert_int_equal(f->cleared, totals.storms - 1); /* the last one ends with the day */
	for (unsigned i = 0; i < f->count; i++)
		assert_string_equal(f->told[i].rule, "storm");
	if (rss_bytes() > day.rss_early + RSS_BYTES_MAX)
		fail_msg("%ld bytes after two hours, %ld after a day", day.rss_early, rss_bytes());
}

static void a_thousand_generations_are_one_tree_of_bounded_length(void **state)
{
	struct fixture *f = *state;
	uint32_t last = made_process(&f->host, 1, "sh", USER);

	use_rules(f, STORM_RULE);
	for (unsigned i = 0; i < 20000; i++)
		(void)made_process(&f->host, 1, "quiet", USER);
	made_connect(&f->host);
	for (unsigned i = 0; i < 1000; i++) {
		made_wait_ms(&f->host, 150);
		last = made_fork(&f->host, last);
	}
	assert_int_equal(f->count, 0);
	made_storm(&f->host, last, 60, 20);
	assert_int_equal(f->count, 1);
	assert_int_equal(naming(f, last), 1);
}

static void a_name_taken_after_exec_fools_no_filter_on_the_program(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", USER), bomb;

	use_rules(f,
		"- {name: by_exe, detector: fork_burst, threshold: 20, window_seconds: 5,"
		" exclude: [{exe: /usr/bin/make}]}\n"
		"- {name: by_comm, detector: fork_burst, threshold: 20, window_seconds: 5,"
		" exclude: [{comm: make}]}\n");
	made_connect(&f->host);
	bomb = made_fork(&f->host, shell);
	made_exec(&f->host, bomb, "/tmp/bomb", "bomb \x1b[2J \xff\xfe");
	/* prctl(PR_SET_NAME): the next frame about it says so. */
	strcpy(f->host.processes[bomb].info.comm, "make");
	made_partial_pass(&f->host);
	made_storm(&f->host, bomb, 30, 20);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].rule, "by_exe");
	assert_int_equal(f->told[0].frame.culprit.tgid, bomb);
}

static void what_was_lost_is_mended_by_the_next_full_pass(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = made_process(&f->host, 1, "sh", USER), unseen, ended;
	struct detection detection;

	use_rules(f, STORM_RULE);
	made_connect(&f->host);
	made_counters(&f->host, 0);
	ended = made_fork(&f->host, shell);
	/* One FORK and one EXIT nobody hears of; the counters tell of both. */
	unseen = made_process(&f->host, shell, "unseen", USER);
	f->host.processes[ended].alive = false;
	made_counters(&f->host, 2);
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.synced, 0);
	made_wait_ms(&f->host, 1000);
	made_pass(&f->host);
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.synced, 1);
	assert_int_equal(detection.processes, 3); /* PID 1, the shell and the unseen one */
	assert_int_equal(detection.processes_kept, 1);
	assert_int_equal(detection.received, 1);
	made_wait_ms(&f->host, 3000);
	made_storm(&f->host, unseen, 60, 20);
	assert_int_equal(naming(f, unseen), 1);
	assert_int_equal(f->told[0].frame.evidence_complete, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_of_a_made_host_what_it_always_told),
		cmocka_unit_test(rules_that_count_alike_do_not_disturb_each_other),
		TEST(a_day_needs_no_more_memory_than_two_hours),
		TEST(a_thousand_generations_are_one_tree_of_bounded_length),
		TEST(a_name_taken_after_exec_fools_no_filter_on_the_program),
		TEST(what_was_lost_is_mended_by_the_next_full_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
