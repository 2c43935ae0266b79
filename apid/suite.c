/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/suite.h"

#include <string.h>

#define RATE_MIN_NS (NSEC_PER_SEC / 4) /* a shorter span says little */

static void forget_daemon(struct suite *suite, enum role role)
{
	suite->daemons[role] = (struct suite_daemon){0};
}

static void forget_collector(struct suite *suite)
{
	forget_daemon(suite, ROLE_COLLECTORD);
	suite->counters_ns = 0;
	suite->events_per_sec = 0;
	suite->event_seen = false;
	suite->probe_count = suite->program_count = 0;
}

void suite_feed(struct suite *suite, bool up)
{
	suite->feed_up = up;
	if (up)
		return;
	forget_daemon(suite, ROLE_RULED);
	forget_collector(suite);
	suite->detection.synced = 0;
	/* A breaker that nobody runs is off. */
	memset(suite->detection.breaker, 0, sizeof(suite->detection.breaker));
}

void suite_decisions(struct suite *suite, bool up)
{
	suite->decisions_up = up;
	suite->enforcer_known = false;
	if (!up)
		forget_daemon(suite, ROLE_ENFORCERD);
}

void suite_self(struct suite *suite, const struct self *self, uint64_t now_ns)
{
	struct suite_daemon *daemon;

	if (self->role >= ROLE_COUNT)
		return;
	daemon = &suite->daemons[self->role];
	if (self->pid == 0 && self->role == ROLE_COLLECTORD) {
		forget_collector(suite);
		return;
	}
	if (self->pid == 0 || self->pid != daemon->self.pid)
		forget_daemon(suite, self->role);
	if (self->pid == 0)
		return;
	if (daemon->seen_ns && now_ns >= daemon->seen_ns + RATE_MIN_NS &&
		self->cpu_ns >= daemon->self.cpu_ns)
		daemon->cpu_pct = 100.0 * (double)(self->cpu_ns - daemon->self.cpu_ns) /
				  (double)(now_ns - daemon->seen_ns);
	daemon->self = *self;
	daemon->seen_ns = now_ns;
}

void suite_host(struct suite *suite, const struct frame *frame)
{
	text_copy(frame_text(frame, 1), suite->kernel, sizeof(suite->kernel));
}

void suite_probe(struct suite *suite, const struct frame *frame)
{
	const struct probe *told = frame->payload;
	char name[SUITE_NAME_BYTES];
	unsigned i = 0;

	text_copy(frame_text(frame, 0), name, sizeof(name));
	while (i < suite->probe_count && strcmp(suite->probes[i].name, name) != 0)
		i++;
	if (i == SUITE_NAMED_MAX) {
		suite->unlisted++;
		return;
	}
	suite->probe_count = MAX(suite->probe_count, i + 1);
	memcpy(suite->probes[i].name, name, sizeof(name));
	suite->probes[i].attached = told->attached != 0;
	text_copy(frame_text(frame, 1), suite->probes[i].why, sizeof(suite->probes[i].why));
}

void suite_program(struct suite *suite, const struct frame *frame)
{
	const struct program *told = frame->payload;
	char name[SUITE_NAME_BYTES];
	unsigned i = 0;

	text_copy(frame_text(frame, 0), name, sizeof(name));
	while (i < suite->program_count && strcmp(suite->programs[i].name, name) != 0)
		i++;
	if (i == SUITE_NAMED_MAX) {
		suite->unlisted++;
		return;
	}
	suite->program_count = MAX(suite->program_count, i + 1);
	memcpy(suite->programs[i].name, name, sizeof(name));
	suite->programs[i].runs = told->runs;
	suite->programs[i].nanoseconds = told->nanoseconds;
}

uint64_t suite_generated(const struct counters *counters)
{
	uint64_t sum = 0;

	for (unsigned kind = 0; kind < EVENT_KINDS; kind++)
		sum += counters->generated[kind];
	return sum;
}

void suite_counters(struct suite *suite, const struct counters *counters, uint64_t now_ns)
{
	uint64_t before = suite_generated(&suite->counters), after = suite_generated(counters);

	suite->event_seen = counters->delivered > 0;
	if (suite->counters_ns && now_ns < suite->counters_ns + RATE_MIN_NS)
		return;
	if (suite->counters_ns && after >= before)
		suite->events_per_sec = (double)(after - before) * (double)NSEC_PER_SEC /
					(double)(now_ns - suite->counters_ns);
	suite->counters = *counters;
	suite->counters_ns = now_ns;
}

void suite_enforcer(struct suite *suite, const struct frame *frame)
{
	suite->enforcer = *(const struct enforcer *)frame->payload;
	suite->enforcer_known = true;
	text_copy(frame_text(frame, 0), suite->holder, sizeof(suite->holder));
	text_copy(frame_text(frame, 1), suite->enforcer_why, sizeof(suite->enforcer_why));
}

bool suite_up(const struct suite *suite, enum role role, uint64_t now_ns)
{
	const struct suite_daemon *daemon = &suite->daemons[role];

	return daemon->seen_ns != 0 && now_ns <= daemon->seen_ns + SUITE_SEEN_MAX_NS;
}

struct reasons {
	const char **list;
	unsigned count;
};

static void add_unless(struct reasons *reasons, bool holds, const char *reason)
{
	if (!holds && reasons->count < SUITE_REASONS_MAX)
		reasons->list[reasons->count++] = reason;
}

static void collecting_reasons(
	const struct suite *suite, bool rules_known, uint64_t now_ns, struct reasons *reasons)
{
	add_unless(reasons, suite->feed_up, "ruled is not connected");
	if (!suite->feed_up)
		return;
	add_unless(reasons, suite_up(suite, ROLE_RULED, now_ns),
		"ruled has not answered for two seconds");
	add_unless(reasons, rules_known, "the rules are not loaded");
	if (!suite_up(suite, ROLE_COLLECTORD, now_ns)) {
		add_unless(reasons, false, "collectord is not running");
		return;
	}
	add_unless(reasons, suite->event_seen, "no kernel event has been seen yet");
	add_unless(reasons, suite->detection.synced, "the process table is not filled yet");
}

static void enforcing_reasons(const struct suite *suite, uint64_t now_ns, struct reasons *reasons)
{
	add_unless(reasons, suite->decisions_up, "enforcerd is not connected");
	if (!suite->decisions_up)
		return;
	if (!suite->enforcer_known || !suite_up(suite, ROLE_ENFORCERD, now_ns)) {
		add_unless(reasons, false, "enforcerd has not answered for two seconds");
		return;
	}
	add_unless(reasons, suite->enforcer.audit_ok, "enforcerd cannot write its audit");
	add_unless(reasons, suite->enforcer.peers_ok, "enforcerd cannot look up who is connected");
	if (!suite->enforcer.audit_ok || !suite->enforcer.peers_ok)
		add_unless(reasons, !suite->enforcer_why[0], suite->enforcer_why);
}

unsigned suite_reasons(const struct suite *suite, bool rules_known, uint64_t now_ns,
	const char *reasons[SUITE_REASONS_MAX])
{
	struct reasons found = {reasons, 0};

	collecting_reasons(suite, rules_known, now_ns, &found);
	enforcing_reasons(suite, now_ns, &found);
	return found.count;
}
