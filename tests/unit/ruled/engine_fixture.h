/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * An engine beside a made-up host, with what it has told. For the tests that look at whole alerts.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ruled/engine.h"
#include "tests/harness/frames.h"

#define TOLD_MAX 256

struct told {
	struct alert frame;
	char rule[64], message[512], cgroup[256], unit[64], container[80], root_comm[16];
	char incident[48];
	bool actionable;
};

/* What was told of incidents. */
struct told_incident {
	unsigned type;
	uint64_t payload[340]; /* as of its type */
	char text[1100]; /* the first */
};

#define TOLD_INCIDENTS_MAX 2048

struct fixture {
	struct engine *engine;
	struct made_host host;
	struct told told[TOLD_MAX];
	unsigned count, cleared;
	uint64_t cleared_alert;
	struct told_incident *incidents;
	unsigned incident_count;
	char cleared_why[64];
};

static void on_alert(void *ctx, const struct engine_alert *alert)
{
	struct fixture *f = ctx;
	struct told *told = &f->told[f->count++];

	assert_true(f->count < TOLD_MAX);
	told->frame = alert->frame;
	told->actionable = alert->actionable;
	text_copy(alert->texts[ALERT_RULE], told->rule, sizeof(told->rule));
	text_copy(alert->texts[ALERT_MESSAGE], told->message, sizeof(told->message));
	text_copy(alert->texts[ALERT_CGROUP], told->cgroup, sizeof(told->cgroup));
	text_copy(alert->texts[ALERT_UNIT], told->unit, sizeof(told->unit));
	text_copy(alert->texts[ALERT_CONTAINER], told->container, sizeof(told->container));
	text_copy(alert->texts[ALERT_ROOT_COMM], told->root_comm, sizeof(told->root_comm));
	text_copy(alert->texts[ALERT_INCIDENT], told->incident, sizeof(told->incident));
}

static void on_cleared(void *ctx, uint64_t counter, const char *why)
{
	struct fixture *f = ctx;

	f->cleared++;
	f->cleared_alert = counter;
	snprintf(f->cleared_why, sizeof(f->cleared_why), "%s", why);
}

static void on_incident(
	void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	struct fixture *f = ctx;
	struct told_incident *told = &f->incidents[f->incident_count++];
	const struct frame_spec *spec = frame_spec(type);

	assert_true(f->incident_count < TOLD_INCIDENTS_MAX);
	assert_true(spec->payload_bytes <= sizeof(told->payload));
	told->type = type;
	memcpy(told->payload, payload, spec->payload_bytes);
	if (spec->texts > 0)
		text_copy(texts[0], told->text, sizeof(told->text));
}

static void on_frame(void *ctx, const struct frame *frame)
{
	engine_frame(((struct fixture *)ctx)->engine, frame);
}

static inline struct ruleset *rules_of(const char *yaml)
{
	struct problems problems = PROBLEMS_INIT;
	struct ruleset *ruleset = NULL;

	if (ruleset_parse(yaml, strlen(yaml), "rules", &problems, &ruleset) < 0)
		fail_msg("%s", problems.count > 0 ? problems.lines[0] : "?");
	problems_done(&problems);
	return ruleset;
}

static inline void use_rules(struct fixture *f, const char *yaml)
{
	assert_int_equal(engine_set_rules(f->engine, rules_of(yaml)), 0);
}

static inline int set_up(void **state)
{
	const struct engine_options options = {
		.suite = {{901, 902}, 2}, .retention_ns = 300 * NSEC_PER_SEC, .epoch = 0xabc};
	struct fixture *f = calloc(1, sizeof(*f));
	const struct engine_sink sink = {on_alert, on_cleared, on_incident, f};

	if (!f || !(f->incidents = calloc(TOLD_INCIDENTS_MAX, sizeof(*f->incidents))) ||
		engine_new(&options, &sink, &f->engine) < 0)
		return -1;
	made_host_init(&f->host, on_frame, f);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	made_host_done(&f->host);
	free(f->incidents);
	free(f);
	return 0;
}

/* The alerts that name @pid. */
static inline unsigned naming(const struct fixture *f, uint32_t pid)
{
	unsigned count = 0;

	for (unsigned i = 0; i < f->count; i++)
		count += f->told[i].frame.culprit.tgid == pid;
	return count;
}
