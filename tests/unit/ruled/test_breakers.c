/* SPDX-License-Identifier: AGPL-3.0-only */
/* The circuit breakers on the made-up host: when they trip, whom they name, and when they name nobody. */
#include "ruled/breaker_rules.h"
#include "tests/unit/ruled/engine_fixture.h"

#define USER  1000
#define GRACE 15

static struct breaker_config defaults(void)
{
	struct config config;
	struct breaker_config breakers;

	config_init(&config);
	breakers = config.circuit_breaker;
	config_done(&config);
	return breakers;
}

static void use_breakers(struct fixture *f, const struct breaker_config *config)
{
	struct ruleset *ruleset = rules_of("");

	assert_int_equal(breaker_rules_add(ruleset, config), 0);
	assert_int_equal(engine_set_rules(f->engine, ruleset), 0);
}

static uint32_t shell_of(struct fixture *f)
{
	return made_process(&f->host, made_process(&f->host, 1, "sshd", 0), "bash", USER);
}

static uint32_t start(struct fixture *f, uint32_t parent, const char *exe, double cpu_pct)
{
	uint32_t pid = made_fork(&f->host, parent);

	made_exec(&f->host, pid, exe, exe);
	made_use(&f->host, pid)->cpu_pct = cpu_pct;
	return pid;
}

struct stall {
	double cpu, memory, io;
};

/* Seconds with a pass and a host sample in each. */
static void run(struct fixture *f, unsigned secs, double busy_pct, struct stall stall)
{
	made_busy(&f->host, busy_pct);
	for (unsigned i = 0; i < secs; i++) {
		made_run(&f->host, 1);
		made_pressure(&f->host, stall.cpu, stall.memory, stall.io);
	}
}

static const struct stall CALM = {0, 0, 0}, CPU = {60, 0, 0}, MEMORY = {0, 50, 0}, IO = {0, 0, 70};

static unsigned state_of(const struct fixture *f, enum pressure_resource resource)
{
	struct detection detection = {0};

	engine_detection(f->engine, &detection);
	return detection.breaker[resource];
}

/* The daemon sees them only now; what they did before nobody has seen. */
static void connect_after(struct fixture *f, unsigned secs)
{
	made_wait_ms(&f->host, 1000.0 * secs);
	made_connect(&f->host);
	run(f, 3, 10, CALM);
}

static void the_cpus_breaker_names_a_hog_from_before(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "ruby", USER), gcc;
	char expected[256];

	use_breakers(f, &(struct breaker_config){0});
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_OFF);
	use_breakers(f, (const struct breaker_config[]){defaults()});
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_CLOSED);
	made_use(&f->host, hog)->cpu_pct = 187;
	gcc = made_process(&f->host, 1, "gcc", USER);
	made_use(&f->host, gcc)->cpu_pct = 8;
	connect_after(f, 100);
	run(f, GRACE, 98, CPU);
	assert_int_equal(f->count, 0);
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_GRACE);
	run(f, 1, 98, CPU);
	assert_int_equal(f->count, 1);
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_OPEN);
	assert_int_equal(state_of(f, PRESSURE_MEMORY), BREAKER_CLOSED);
	assert_string_equal(f->told[0].rule, "circuit_breaker_cpu");
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	assert_int_equal(f->told[0].frame.scope, SCOPE_HOST);
	assert_int_equal(f->told[0].frame.severity, SEVERITY_HIGH);
	assert_true(f->told[0].actionable);
	assert_true(f->told[0].frame.threshold == 40);
	assert_int_equal(f->told[0].frame.time_ns - f->told[0].frame.since_ns, GRACE * NSEC_PER_SEC);
	snprintf(expected, sizeof(expected),
		"ruby (pid %u) used 187 of the 195 %% of a core that killable processes used over the last 15 s;"
		" the next, gcc, 8; the CPUs were 98 %% busy (limit 90) and somebody waited for a CPU 60.0 %%"
		" of the time (limit 40) for 15 s",
		hog);
	assert_string_equal(f->told[0].message, expected);
}

static void the_thresholds_themselves_are_too_much(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "hog", USER);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, hog)->cpu_pct = 190;
	connect_after(f, 1);
	run(f, 40, 90, (struct stall){39.99, 29.99, 49.99});
	assert_int_equal(f->count, 0);
	run(f, 40, 89.9, (struct stall){40, 0, 0});
	assert_int_equal(f->count, 0);
	run(f, GRACE + 1, 90.001, (struct stall){40, 30, 50});
	assert_int_equal(f->count, 3);
}

static void a_busy_host_where_nobody_waits_is_left_alone(void **state)
{
	struct fixture *f = *state;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell_of(f), "/bin/hog", 200);
	connect_after(f, 1);
	run(f, 60, 100, CALM);
	assert_int_equal(f->count, 0);
	run(f, 60, 50, CPU);
	assert_int_equal(f->count, 0);
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_CLOSED);
}

static void an_interrupted_grace_period_begins_anew(void **state)
{
	struct fixture *f = *state;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell_of(f), "/bin/hog", 190);
	connect_after(f, 1);
	run(f, GRACE, 98, CPU);
	run(f, 1, 98, CALM);
	run(f, GRACE, 98, CPU);
	run(f, 1, 85, CPU);
	run(f, GRACE, 98, CPU);
	assert_int_equal(f->count, 0);
	run(f, 1, 98, CPU);
	assert_int_equal(f->count, 1);
}

/* The connection was away: nobody knows what was in between. */
static void a_gap_in_the_events_begins_it_anew(void **state)
{
	struct fixture *f = *state;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell_of(f), "/bin/hog", 190);
	connect_after(f, 1);
	run(f, GRACE - 1, 98, CPU);
	engine_unsync(f->engine);
	made_connect(&f->host);
	run(f, GRACE, 98, CPU);
	assert_int_equal(f->count, 0);
	run(f, 2, 98, CPU);
	assert_int_equal(f->count, 1);
}

static void two_of_the_same_size_are_ambiguous(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell, "/bin/first", 100);
	start(f, shell, "/bin/second", 90);
	connect_after(f, 1);
	run(f, GRACE + 30, 98, CPU);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_false(f->told[0].actionable);
	assert_non_null(strstr(f->told[0].message, "nobody stands out: first (pid "));
	assert_non_null(strstr(f->told[0].message, "; the next, second, 90; "));
}

/* A clear majority of what many use, who are small each: 60 of 160, the next 10. */
static void the_largest_of_many_without_a_majority_is_not_named(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell, "/bin/innocent", 60);
	for (unsigned i = 0; i < 10; i++)
		start(f, shell, "/bin/worker", 10);
	connect_after(f, 1);
	run(f, GRACE + 2, 98, CPU);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
}

/* Many short jobs use the CPUs: a neighbour that happens to live is innocent. */
static void a_flood_of_short_ones_is_laid_to_nobody_and_not_told(void **state)
{
	struct fixture *f = *state;
	uint32_t cron = made_process(&f->host, 1, "cron", 0);
	struct detection detection;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	start(f, shell_of(f), "/bin/innocent", 30);
	connect_after(f, 1);
	for (unsigned i = 0; i < GRACE + 2; i++) {
		for (unsigned n = 0; n < 4; n++) {
			uint32_t job = start(f, cron, "/bin/job", 0);

			made_use(&f->host, job)->cpu_ns = 4e8;
			made_exit(&f->host, job, 0);
		}
		run(f, 1, 98, CPU);
	}
	/* What ends by itself needs nobody to end it. */
	assert_int_equal(f->count, 0);
	engine_detection(f->engine, &detection);
	assert_int_equal(detection.breaker[PRESSURE_CPU], BREAKER_OPEN);
}

static void who_was_busy_for_a_moment_is_not_taken_for_who_was_all_the_time(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), hog, late;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	hog = start(f, shell, "/bin/hog", 190);
	late = start(f, shell, "/bin/late", 0);
	connect_after(f, 1);
	run(f, GRACE - 2, 98, CPU);
	made_use(&f->host, hog)->cpu_pct = 20;
	made_use(&f->host, late)->cpu_pct = 170;
	run(f, 3, 98, CPU);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	/* In time it is the other one's turn. */
	run(f, GRACE, 98, CPU);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->told[1].frame.culprit.tgid, late);
}

/* What a manager, the kernel or the suite uses itself is nothing that could be ended. */
static void managers_are_left_out(void **state)
{
	struct fixture *f = *state;
	uint32_t manager = made_process(&f->host, 1, "dockerd", 0), small;

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, manager)->cpu_pct = 120;
	made_use(&f->host, made_process(&f->host, 1, "suite", 901))->cpu_pct = 30;
	small = start(f, shell_of(f), "/bin/small", 20);
	connect_after(f, 1);
	run(f, GRACE + 1, 98, CPU);
	/* The only one that could be ended, but no remedy. */
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, 0);
	assert_non_null(strstr(f->told[0].message, "nobody stands out: small (pid "));
	made_use(&f->host, small)->cpu_pct = 70;
	made_use(&f->host, manager)->cpu_pct = 60;
	run(f, GRACE, 98, CPU);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->told[1].frame.culprit.tgid, small);
}

static void memory_is_laid_to_who_holds_most(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "hog", USER);
	uint32_t neighbour = made_process(&f->host, 1, "neighbour", USER);
	char expected[256];

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, hog)->anon_mb = 500;
	made_use(&f->host, hog)->swap_mb = 300;
	made_use(&f->host, neighbour)->anon_mb = 200;
	made_use(&f->host, neighbour)->file_mb = 9000;
	connect_after(f, 50);
	run(f, GRACE + 1, 20, MEMORY);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	snprintf(expected, sizeof(expected),
		"hog (pid %u) held 800 of the 1000 MB of memory that killable processes held; the next,"
		" neighbour, 200; everybody waited for memory 50.0 %% of the time (limit 30) for 15 s",
		hog);
	assert_string_equal(f->told[0].message, expected);
	assert_string_equal(f->told[0].rule, "circuit_breaker_memory");
}

static void memory_is_laid_to_who_grew_not_to_who_is_large(void **state)
{
	struct fixture *f = *state;
	uint32_t large = made_process(&f->host, 1, "database", USER);
	uint32_t leak = made_process(&f->host, 1, "leak", USER);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, large)->anon_mb = 4000;
	made_use(&f->host, leak)->anon_mb = 1000;
	made_use(&f->host, leak)->anon_mb_per_sec = 50;
	connect_after(f, 1);
	run(f, GRACE + 1, 20, MEMORY);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, leak);
	assert_non_null(strstr(f->told[0].message, " grew by "));
}

static void storage_is_laid_to_who_reads_and_writes_most(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "dd", USER);
	uint32_t neighbour = made_process(&f->host, 1, "neighbour", USER);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, hog)->io_mb_per_sec = 80;
	made_use(&f->host, neighbour)->io_mb_per_sec = 10;
	connect_after(f, 1);
	run(f, GRACE + 1, 20, IO);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->told[0].rule, "circuit_breaker_io");
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
	assert_non_null(strstr(f->told[0].message,
		"read and wrote 80.0 of the 90.0 MB per second that killable processes read and wrote over the last 15 s;"
		" the next, neighbour, 10.0;"));
}

/* A pool of workers is nobody alone, but one tree. */
static void with_kill_tree_it_is_the_tree(void **state)
{
	static const struct stall STALLS[] = {{60, 0, 0}, {0, 50, 0}, {0, 0, 70}};
	struct fixture *f = *state;
	struct breaker_config config = defaults();
	uint32_t shell = shell_of(f), pool = start(f, shell, "/bin/pool", 0);
	uint32_t other = start(f, shell, "/bin/other", 15);

	made_use(&f->host, other)->anon_mb = 20;
	made_use(&f->host, other)->io_mb_per_sec = 5;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t worker = start(f, pool, "/bin/worker", 40);

		made_use(&f->host, worker)->anon_mb = 100;
		made_use(&f->host, worker)->io_mb_per_sec = 20;
	}
	config.action = ACTION_KILL_TREE;
	use_breakers(f, &config);
	connect_after(f, 1);
	for (unsigned i = 0; i < ARRAY_LEN(STALLS); i++) {
		run(f, GRACE + 1, 98, STALLS[i]);
		assert_int_equal(f->count, i + 1);
		assert_int_equal(f->told[i].frame.culprit.tgid, pool);
		assert_non_null(strstr(f->told[i].message, "pool (pid "));
		assert_non_null(strstr(f->told[i].message, ") and its descendants "));
		assert_non_null(strstr(f->told[i].message, "; the next, other, "));
	}
	config.action = ACTION_KILL_PROCESS;
	use_breakers(f, &config);
	run(f, GRACE + 1, 98, CPU);
	assert_int_equal(f->count, 4);
	assert_int_equal(f->told[3].frame.culprit.tgid, 0);
}

static void it_closes_below_four_fifths_and_repeats_after_the_cooldown(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "hog", USER);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, hog)->cpu_pct = 190;
	connect_after(f, 1);
	run(f, GRACE + 1, 98, CPU);
	assert_int_equal(f->count, 1);
	run(f, 59, 98, CPU);
	assert_int_equal(f->count, 1);
	run(f, 1, 98, CPU);
	assert_int_equal(f->count, 2);
	/* Not over the line any more, but not far below it either. */
	run(f, 80, 98, (struct stall){33, 0, 0});
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_OPEN);
	run(f, 80, 75, CPU);
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_OPEN);
	assert_int_equal(f->cleared, 0);
	run(f, 2, 70, CPU);
	assert_int_equal(state_of(f, PRESSURE_CPU), BREAKER_CLOSED);
	run(f, 60, 98, (struct stall){31, 0, 0});
	assert_int_equal(f->cleared, 1);
	assert_int_equal(f->count, 2);
}

static void unchanged_breakers_go_on_over_a_reload(void **state)
{
	struct fixture *f = *state;
	uint32_t hog = made_process(&f->host, 1, "hog", USER);

	use_breakers(f, (const struct breaker_config[]){defaults()});
	made_use(&f->host, hog)->cpu_pct = 190;
	connect_after(f, 1);
	run(f, GRACE, 98, CPU);
	use_breakers(f, (const struct breaker_config[]){defaults()});
	run(f, 1, 98, CPU);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->told[0].frame.culprit.tgid, hog);
}

static void switched_off_there_are_none(void **state)
{
	struct fixture *f = *state;
	struct breaker_config off = defaults();

	off.enabled = false;
	use_breakers(f, &off);
	start(f, shell_of(f), "/bin/hog", 190);
	connect_after(f, 1);
	run(f, 60, 98, (struct stall){90, 90, 90});
	assert_int_equal(f->count, 0);
	assert_int_equal(engine_rules(f->engine), 0);
	for (int i = 0; i < PRESSURE_RESOURCES; i++)
		assert_int_equal(state_of(f, (enum pressure_resource)i), BREAKER_OFF);
}

static void they_are_listed_after_the_rules_of_the_file(void **state)
{
	static const char *const names[] = {
		"a", "circuit_breaker_cpu", "circuit_breaker_memory", "circuit_breaker_io"};
	struct fixture *f = *state;
	struct ruleset *ruleset = rules_of("- {name: a, detector: oom_kill, threshold: 0, window_seconds: 1}\n");
	const struct breaker_config config = defaults();

	assert_int_equal(breaker_rules_add(ruleset, &config), 0);
	assert_int_equal(ruleset->built_in, 3);
	assert_int_equal(engine_set_rules(f->engine, ruleset), 0);
	assert_int_equal(engine_rules(f->engine), 4);
	for (unsigned i = 0; i < 4; i++) {
		struct rule rule;

		assert_string_equal(engine_rule(f->engine, i, &rule)->name, names[i]);
		assert_int_equal(rule.index, i);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_cpus_breaker_names_a_hog_from_before),
		TEST(the_thresholds_themselves_are_too_much),
		TEST(a_busy_host_where_nobody_waits_is_left_alone),
		TEST(an_interrupted_grace_period_begins_anew),
		TEST(a_gap_in_the_events_begins_it_anew),
		TEST(two_of_the_same_size_are_ambiguous),
		TEST(the_largest_of_many_without_a_majority_is_not_named),
		TEST(a_flood_of_short_ones_is_laid_to_nobody_and_not_told),
		TEST(who_was_busy_for_a_moment_is_not_taken_for_who_was_all_the_time),
		TEST(managers_are_left_out),
		TEST(memory_is_laid_to_who_holds_most),
		TEST(memory_is_laid_to_who_grew_not_to_who_is_large),
		TEST(storage_is_laid_to_who_reads_and_writes_most),
		TEST(with_kill_tree_it_is_the_tree),
		TEST(it_closes_below_four_fifths_and_repeats_after_the_cooldown),
		TEST(unchanged_breakers_go_on_over_a_reload),
		TEST(switched_off_there_are_none),
		TEST(they_are_listed_after_the_rules_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
