/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_stats.h"

#include <string.h>

#include "apid/names.h"
#include "apid/shape.h"
#include "common/text.h"

#define DAY_NS (24 * 3600 * NSEC_PER_SEC)

static unsigned open_count(const struct incidents *incidents)
{
	unsigned open = 0;

	for (unsigned i = 0; i < incidents->count; i++)
		open += incident_is_open(incidents->list[i]);
	return open;
}

static json_t *by_status(const struct incidents *incidents)
{
	unsigned open = open_count(incidents);
	struct shape s = shape_begin();

	shape_put(&s, "open", json_integer(open));
	shape_put(&s, "cleared", json_integer(incidents->count - open));
	return shape_end(&s);
}

static json_t *by_severity(const struct incidents *incidents)
{
	unsigned counts[SEVERITY_COUNT] = {0};
	struct shape s = shape_begin();

	for (unsigned i = 0; i < incidents->count; i++)
		counts[MIN(incidents->list[i]->state.severity, SEVERITY_COUNT - 1U)]++;
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		shape_put(&s, name_severity(i), json_integer(counts[i]));
	return shape_end(&s);
}

static void count_rule(struct shape *s, const char *name)
{
	char key[4 * (QUERY_RULE_MAX + 1)];
	json_int_t count;

	text_escape(name, strlen(name), key, sizeof(key));
	count = json_integer_value(json_object_get(s->object, key));
	shape_put(s, key, json_integer(count + 1));
}

/* An incident of two rules counts for both. */
static json_t *by_rule(const struct incidents *incidents)
{
	struct shape s = shape_begin();

	for (unsigned i = 0; i < incidents->count; i++)
		for (unsigned j = 0; j < incidents->list[i]->rules.count; j++)
			count_rule(&s, incidents->list[i]->rules.list[j].name);
	return shape_end(&s);
}

static unsigned opened_since(const struct incidents *incidents, uint64_t wall_ns)
{
	unsigned count = 0;

	for (unsigned i = 0; i < incidents->count; i++)
		count += incidents->list[i]->state.opened_wall_ns >= wall_ns;
	return count;
}

json_t *incidents_summary(const struct incidents *incidents, uint64_t now_wall_ns)
{
	struct shape s = shape_begin();

	shape_put(&s, "total", json_integer(incidents->count));
	shape_put(&s, "by_status", by_status(incidents));
	shape_put(&s, "by_severity", by_severity(incidents));
	shape_put(&s, "by_rule", by_rule(incidents));
	shape_put(&s, "last_24h",
		json_integer(
			opened_since(incidents, now_wall_ns > DAY_NS ? now_wall_ns - DAY_NS : 0)));
	return shape_end(&s);
}

/* null while none has cleared. */
static json_t *average_ms(const struct incidents *incidents)
{
	double sum_ms = 0;
	unsigned cleared = 0;

	for (unsigned i = 0; i < incidents->count; i++) {
		const struct incident *state = &incidents->list[i]->state;

		/* The wall clock may have been set back meanwhile. */
		if (state->cleared_wall_ns < state->opened_wall_ns || !state->cleared_wall_ns)
			continue;
		sum_ms += (double)(state->cleared_wall_ns - state->opened_wall_ns) / 1e6;
		cleared++;
	}
	return cleared ? json_integer((json_int_t)(sum_ms / cleared + 0.5)) : json_null();
}

static unsigned flapping_count(const struct incidents *incidents)
{
	unsigned flapping = 0;

	for (unsigned i = 0; i < incidents->count; i++)
		flapping += incidents->list[i]->state.flapping;
	return flapping;
}

json_t *incidents_stats(const struct incidents *incidents)
{
	struct shape s = shape_begin();

	shape_put(&s, "total", shape_count(incidents->opened));
	shape_put(&s, "open", json_integer(open_count(incidents)));
	shape_put(&s, "circuit_breaker_triggers", shape_count(incidents->breaker_alerts));
	shape_put(&s, "avg_duration_ms", average_ms(incidents));
	shape_put(&s, "flapping", json_integer(flapping_count(incidents)));
	return shape_end(&s);
}
