/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apid/client/ask.h"
#include "apid/client/demo/crew.h"
#include "apid/client/fields.h"
#include "apid/client/sse.h"
#include "common/clock.h"

#define LOOK_EACH_MS 200
#define AFTER_END_NS                                                                               \
	(2 * NSEC_PER_SEC) /* an alert about a load that somebody has ended may be on its way */

struct watch {
	const struct client *client;
	struct expected expected;
	struct crew crew;
	struct http http;
	struct sse sse;
	struct trial *trial;
	bool shows_progress;
};

/* Is the culprit of this alert ours, and is it what we wait for? */
static int on_event(void *ctx, const struct sse_event *event)
{
	struct watch *watch = ctx;
	_cleanup_(json_decrefp) json_t *alert = json_loadb(event->data, event->len, 0, NULL);
	const char *rule = field_string(alert, "rule");
	double pid = field_number(alert, "culprit.pid");

	if (!rule || strcmp(event->type, "alert") != 0 || pid < 2 || pid > INT32_MAX)
		return 0;
	if (!crew_has(&watch->crew, (pid_t)pid) || !scenario_expects(&watch->expected, rule))
		return 0;
	watch->trial->delay_ns = clock_boottime_ns() - watch->crew.start_ns;
	watch->trial->pass = true;
	snprintf(watch->trial->rule, sizeof(watch->trial->rule), "%s", rule);
	return 1;
}

static void show_progress(const struct watch *watch, uint64_t passed_ns)
{
	if (watch->shows_progress)
		fprintf(stderr, "\r%-14s %2llu of %u s\033[K", watch->expected.scenario->name,
			(unsigned long long)(passed_ns / NSEC_PER_SEC),
			watch->expected.scenario->seconds);
}

static void clear_progress(const struct watch *watch)
{
	if (watch->shows_progress)
		fputs("\r\033[K", stderr);
}

static const char *first_name(const struct expected *expected)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(expected->rules, i, rule)
	{
		const char *name = field_string(rule, "name");

		if (name && scenario_expects(expected, name))
			return name;
	}
	return "?";
}

/* Reads the stream for a moment. 0, 1: found, or -errno. */
static int look(struct watch *watch)
{
	char buffer[16384];
	long n = http_read(&watch->http, buffer, sizeof(buffer));

	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n < 0 ? (int)n : -ECONNRESET;
	return sse_feed(&watch->sse, buffer, (size_t)n, on_event, watch);
}

static int wait_for_alert(struct watch *watch)
{
	const uint64_t limit_ns = watch->expected.scenario->seconds * NSEC_PER_SEC;
	uint64_t ended_ns = 0, passed_ns = 0;
	int r = 0;

	while (r == 0 && passed_ns < limit_ns &&
		(!ended_ns || passed_ns < ended_ns + AFTER_END_NS)) {
		r = look(watch);
		passed_ns = clock_boottime_ns() - watch->crew.start_ns;
		if (!ended_ns && !crew_runs(&watch->crew))
			ended_ns = passed_ns;
		show_progress(watch, passed_ns);
	}
	clear_progress(watch);
	if (r < 0)
		return fail_unreachable(&watch->client->endpoint, r);
	if (r == 0 && ended_ns)
		snprintf(watch->trial->why, sizeof(watch->trial->why),
			"the load ended after %.1f s without an alert", (double)ended_ns / 1e9);
	else if (r == 0)
		snprintf(watch->trial->why, sizeof(watch->trial->why), "no alert of %s within %u s",
			first_name(&watch->expected), watch->expected.scenario->seconds);
	return EXIT_OK;
}

/* The stream is open before the load begins: no alert can be missed. */
static int open_stream(struct watch *watch)
{
	const struct http_request request = {.path = "/alerts", .accept = "text/event-stream"};
	int r = http_open(&watch->http, &watch->client->endpoint, &request);

	if (r == 0)
		r = http_set_timeout(&watch->http, LOOK_EACH_MS);
	if (r < 0)
		return fail_unreachable(&watch->client->endpoint, r);
	if (watch->http.head.status != 200 || !watch->http.head.is_events)
		return fail("the stream of alerts was refused: status %u", watch->http.head.status);
	return EXIT_OK;
}

static int try_load(struct watch *watch)
{
	int r = open_stream(watch);

	if (r != EXIT_OK)
		return r;
	r = crew_start(&watch->crew, watch->expected.scenario->load);
	if (r < 0)
		return fail("the load cannot be started: %s", strerror(-r));
	return wait_for_alert(watch);
}

int trial_run(const struct client *client, const struct scenario *scenario, struct trial *trial)
{
	_cleanup_(reply_done) struct reply rules = {0};
	struct watch watch = {
		.client = client,
		.expected = {.scenario = scenario},
		.http = {.fd = -1},
		.trial = trial,
		.shows_progress = isatty(STDERR_FILENO) == 1 && !client->json,
	};
	int r = ask(client, "/rules", NULL, &rules);

	if (r != EXIT_OK)
		return r;
	*trial = (struct trial){0};
	watch.expected.rules = rules.json;
	watch.expected.now = (double)clock_wall_ns() / 1e9;
	watch.expected.cpus = (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
	if (!scenario_possible(&watch.expected, trial->why))
		return EXIT_OK;
	r = try_load(&watch);
	crew_end(&watch.crew);
	http_close(&watch.http);
	sse_done(&watch.sse);
	return r;
}
