/* SPDX-License-Identifier: AGPL-3.0-only */
/* What is kept of the moment an incident opened. */
#include "ruled/evidence_rows.h"

#include "ruled/flight.h"
#include "ruled/series.h"
#include "tests/unit/ruled/incident_fixture.h"

#define CPU  "- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 3}\n"
#define GROW "- {name: grow, detector: rss_growth_mb, threshold: 50, window_seconds: 10}\n"

/* The row of @pid, or NULL. */
static const struct incident_process *row_of(const struct fixture *f, uint32_t pid)
{
	const struct told_incident *told;

	for (unsigned i = 0; (told = nth(f, FRAME_INCIDENT_PROCESS, i)); i++) {
		const struct incident_process *row = (const void *)told->payload;

		if (row->process.tgid == pid)
			return row;
	}
	return NULL;
}

static unsigned listed(const struct fixture *f, unsigned list)
{
	const struct told_incident *told;
	unsigned count = 0;

	for (unsigned i = 0; (told = nth(f, FRAME_INCIDENT_PROCESS, i)); i++)
		count += (((const struct incident_process *)(const void *)told->payload)->lists &
				 list) != 0;
	return count;
}

static const struct incident_series *series_told(const struct fixture *f, unsigned index)
{
	return (const void *)nth(f, FRAME_INCIDENT_SERIES, index)->payload;
}

static void the_tree_is_told_with_generations(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), parent = f->host.processes[shell].info.ppid;
	uint32_t child = made_process(&f->host, shell, "child", USER);
	uint32_t grandchild = made_process(&f->host, child, "grandchild", USER);
	uint32_t other = shell_of(f), ended;

	use_rules(f, BURST);
	made_connect(&f->host);
	ended = made_fork(&f->host, shell);
	made_exec(&f->host, ended, "/bin/ended", "ended now");
	made_exit(&f->host, ended, 0);
	made_storm(&f->host, shell, 31, 20);
	assert_int_equal(f->count, 1);
	assert_int_equal(row_of(f, shell)->generation, 0);
	assert_int_equal(row_of(f, parent)->generation, -1);
	assert_int_equal(row_of(f, child)->generation, 1);
	assert_int_equal(row_of(f, grandchild)->generation, 2);
	assert_int_equal(row_of(f, ended)->generation, 1);
	assert_int_equal(row_of(f, ended)->exited, 1);
	assert_int_equal(row_of(f, shell)->lists, INCIDENT_IN_TREE);
	assert_null(row_of(f, other));
	assert_int_equal(f->incidents[0].type, FRAME_INCIDENT);
	assert_int_equal(f->incidents[1].type, FRAME_INCIDENT_HOST);
	assert_string_equal(f->incidents[2].text, f->host.processes[shell].exe);
}

static void a_large_tree_is_cut_nearest_and_living_first(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), far = made_process(&f->host, shell, "near", USER);

	far = made_process(&f->host, far, "far", USER);
	use_rules(f, "- {name: b, detector: fork_burst, threshold: 150, window_seconds: 5}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 151; i++) {
		uint32_t pid = made_fork(&f->host, shell);

		made_wait_ms(&f->host, 10);
		if (i % 4 != 0)
			made_exit(&f->host, pid, 0);
	}
	assert_int_equal(f->count, 1);
	assert_int_equal(listed(f, INCIDENT_IN_TREE), EVIDENCE_TREE_MAX);
	assert_null(row_of(f, far));
	for (unsigned i = 0, living = 0; i < count_of(f, FRAME_INCIDENT_PROCESS); i++) {
		const struct incident_process *row =
			(const void *)nth(f, FRAME_INCIDENT_PROCESS, i)->payload;

		living += !row->exited && row->generation == 1;
		if (row->exited)
			assert_int_equal(living, 40);
	}
}

static void the_greatest_users_are_listed_once_each(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), pids[30];

	use_rules(f, CPU);
	for (unsigned i = 0; i < 30; i++) {
		pids[i] = made_process(&f->host, i < 29 ? 1 : shell, "user", USER);
		*made_use(&f->host, pids[i]) = (struct made_use){.cpu_pct = i,
			.anon_mb = 30 - i,
			.swap_mb = 3,
			.fds = (i * 7) % 30 + 1,
			.fd_limit = 1024,
			.threads = 2};
	}
	made_use(&f->host, pids[29])->cpu_pct = 95;
	made_connect(&f->host);
	made_run(&f->host, 5);
	assert_int_equal(f->count, 1);
	assert_int_equal(listed(f, INCIDENT_TOP_CPU), EVIDENCE_TOP_MAX);
	assert_int_equal(listed(f, INCIDENT_TOP_RSS), EVIDENCE_TOP_MAX);
	assert_int_equal(listed(f, INCIDENT_TOP_FDS), EVIDENCE_TOP_MAX);
	assert_int_equal(row_of(f, pids[29])->lists & (INCIDENT_IN_TREE | INCIDENT_TOP_CPU),
		INCIDENT_IN_TREE | INCIDENT_TOP_CPU);
	assert_true(row_of(f, pids[29])->cpu_pct > 90);
	assert_true(row_of(f, pids[20])->lists & INCIDENT_TOP_CPU);
	assert_int_equal(row_of(f, pids[0])->rss_bytes, 30U << 20);
	assert_int_equal(row_of(f, pids[0])->swap_bytes, 3U << 20);
	assert_int_equal(row_of(f, pids[0])->lists & INCIDENT_TOP_RSS, INCIDENT_TOP_RSS);
	assert_false(row_of(f, pids[0])->lists & INCIDENT_TOP_CPU);
	for (unsigned i = 0; i < 30; i++) {
		bool many = (i * 7) % 30 + 1 > 20;
		const struct incident_process *row = row_of(f, pids[i]);

		assert_int_equal(row && row->lists & INCIDENT_TOP_FDS, many);
	}
}

static void the_series_of_a_rate_ends_over_the_line(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	const struct incident_series *series;

	use_rules(f, STORM);
	made_connect(&f->host);
	made_storm(&f->host, shell, 45, 20);
	assert_int_equal(f->told[0].frame.counter, 1);
	series = series_told(f, 0);
	assert_true(series->count > 30 && series->count <= INCIDENT_POINTS_MAX);
	for (unsigned i = 0; i < series->count; i++) {
		if (i > 0)
			assert_true(series->points[i].wall_ns > series->points[i - 1].wall_ns);
		assert_true(series->points[i].value >= 0 && series->points[i].value <= 31);
	}
	assert_true(series->points[series->count - 1].value > 10);
	assert_true(series->points[series->count - 1].wall_ns + NSEC_PER_SEC >
		    f->told[0].frame.wall_ns);
}

static void the_series_of_a_count_begins_below_the_line(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	const struct incident_series *series;

	use_rules(f, BURST);
	made_connect(&f->host);
	made_wait_ms(&f->host, 10000);
	made_storm(&f->host, shell, 31, 20);
	series = series_told(f, 0);
	assert_string_equal(nth(f, FRAME_INCIDENT_SERIES, 0)->text, "events");
	assert_int_equal(series->count, INCIDENT_POINTS_MAX);
	assert_true(series->points[0].value == 0);
	assert_true(series->points[series->count - 1].value == 31);
}

static void levels_growth_and_pressure_have_series(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), leak = shell_of(f);
	const struct incident_series *series;

	use_rules(f, CPU);
	made_connect(&f->host);
	made_use(&f->host, shell)->cpu_pct = 90;
	made_run(&f->host, 6);
	series = series_told(f, 0);
	assert_true(series->count >= 3);
	assert_true(series->points[0].value > 50);
	assert_string_equal(nth(f, FRAME_INCIDENT_SERIES, 0)->text, "% of a core");
	use_rules(f, PSI);
	for (unsigned i = 0; i < 10; i++) {
		made_wait_ms(&f->host, 1000);
		made_pressure(&f->host, 0, i * 2, 0);
	}
	series = series_told(f, 1);
	/* Also of before the line was crossed. */
	assert_true(series->points[0].value == 0);
	assert_true(series->points[series->count - 1].value > 10);
	use_rules(f, GROW);
	made_use(&f->host, leak)->anon_mb_per_sec = 8;
	made_run(&f->host, 20);
	series = series_told(f, 2);
	assert_string_equal(nth(f, FRAME_INCIDENT_SERIES, 2)->text, "MB");
	assert_true(series->points[series->count - 1].value - series->points[0].value > 40);
}

static void only_the_newest_values_are_kept(void **state)
{
	struct series_recent recent = {0};
	const struct series_source source = {.recent = &recent};
	struct series series;

	(void)state;
	for (unsigned i = 1; i <= 100; i++)
		series_recent_add(&recent, i, i);
	series_fill(&series, &source);
	assert_int_equal(series.count, SERIES_RECENT);
	assert_int_equal(series.at[0].time_ns, 101 - SERIES_RECENT);
	assert_true(series.at[SERIES_RECENT - 1].value == 100);
	recent.added = UINT32_MAX;
	series_recent_add(&recent, 1000, 1000);
	series_fill(&series, &source);
	assert_int_equal(series.count, SERIES_RECENT);
	assert_int_equal(series.at[SERIES_RECENT - 1].time_ns, 1000);
}

static void the_last_events_of_the_tree_are_told(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f), other = shell_of(f), pid = 0;
	const struct incident_events *events;

	use_rules(f, "- {name: b, detector: fork_burst, threshold: 50, window_seconds: 5}\n");
	made_connect(&f->host);
	for (unsigned i = 0; i < 51; i++) {
		if (i % 4 == 0)
			made_exit(&f->host, made_fork(&f->host, other), 0);
		if (i == 50)
			made_exec(&f->host, pid, "/bin/x", "x");
		if (i == 50)
			made_exit(&f->host, pid, 9);
		pid = made_fork(&f->host, shell);
		made_wait_ms(&f->host, 10);
	}
	assert_int_equal(f->count, 1);
	events = (const void *)nth(f, FRAME_INCIDENT_EVENTS, 0)->payload;
	assert_int_equal(events->count, 53);
	assert_int_equal(events->events[52].kind, EVENT_FORK);
	assert_int_equal(events->events[51].kind, EVENT_EXIT);
	assert_int_equal(events->events[51].status, 9);
	assert_string_equal(events->events[51].comm, "x");
	assert_int_equal(events->events[50].kind, EVENT_EXEC);
	for (unsigned i = 0; i < 53; i++)
		assert_int_equal(events->events[i].ppid, shell);
}

static void the_recorder_keeps_the_last_events(void **state)
{
	static struct flight flight;
	struct process_entry entry = {.info = {.comm = "a"}};
	struct process_event event = {PROCESS_FORKED, &entry, 0, 7, false};

	(void)state;
	assert_null(flight_get(&flight, 0));
	for (uint32_t i = 1; i <= FLIGHT_EVENTS + 10; i++) {
		entry.info.tgid = i;
		event.time_ns = i;
		flight_add(&flight, &event);
	}
	assert_int_equal(flight_get(&flight, 0)->tgid, FLIGHT_EVENTS + 10);
	assert_int_equal(flight_get(&flight, 0)->status, 0);
	assert_int_equal(flight_get(&flight, FLIGHT_EVENTS - 1)->tgid, 11);
	assert_null(flight_get(&flight, FLIGHT_EVENTS));
}

static void the_host_is_told_and_what_was_lost_shows(void **state)
{
	struct fixture *f = *state;
	uint32_t shell = shell_of(f);
	struct host_sample sample = {.cpu_busy_ns = 100, .cpu_total_ns = 1000, .load1_centi = 250};
	const struct counters counters = {
		.generated = {5, 6, 7, 0, 1}, .delivered = 17, .dropped_ring = 1, .dropped_link = 1};
	const struct incident_host *host;

	use_rules(f, BURST);
	made_connect(&f->host);
	sample.time_ns = f->host.now_ns;
	made_frame(&f->host, FRAME_HOST_SAMPLE, &sample, NULL);
	sample.time_ns += NSEC_PER_SEC;
	sample.cpu_busy_ns = 850;
	sample.cpu_total_ns = 2000;
	made_frame(&f->host, FRAME_HOST_SAMPLE, &sample, NULL);
	made_counters(&f->host, 0);
	made_frame(&f->host, FRAME_COUNTERS, &counters, NULL);
	made_storm(&f->host, shell, 40, 20);
	host = (const void *)nth(f, FRAME_INCIDENT_HOST, 0)->payload;
	assert_true(host->cpu_pct == 75);
	assert_int_equal(host->host.load1_centi, 250);
	assert_int_equal(host->generated, 19);
	assert_int_equal(host->delivered, 17);
	assert_int_equal(host->dropped, 2);
	assert_int_equal(newest(f)->evidence_complete, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_tree_is_told_with_generations),
		TEST(a_large_tree_is_cut_nearest_and_living_first),
		TEST(the_greatest_users_are_listed_once_each),
		TEST(the_series_of_a_rate_ends_over_the_line),
		TEST(the_series_of_a_count_begins_below_the_line),
		TEST(levels_growth_and_pressure_have_series),
		TEST(only_the_newest_values_are_kept),
		TEST(the_last_events_of_the_tree_are_told),
		TEST(the_recorder_keeps_the_last_events),
		TEST(the_host_is_told_and_what_was_lost_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
