/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/status.h"

#include <ctype.h>
#include <string.h>
#include <sys/capability.h>

#include "apid/names.h"
#include "apid/shape.h"

static json_t *string(const char *text)
{
	return shape_text(text_of(text));
}

static json_t *string_or_null(const char *text)
{
	return shape_text_or_null(text_of(text));
}

/* The names as capabilities(7) writes them: CAP_KILL. */
static json_t *capabilities(uint64_t set)
{
	json_t *list = json_array();

	for (int cap = 0; cap < 64 && list; cap++) {
		char *name = set >> cap & 1 ? cap_to_name(cap) : NULL;

		if (!name)
			continue;
		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		json_array_append_new(list, json_string(name));
		cap_free(name);
	}
	return list;
}

static json_t *daemon_json(const struct suite *suite, enum role role, uint64_t now_ns)
{
	const struct suite_daemon *daemon = &suite->daemons[role];

	if (!suite_up(suite, role, now_ns))
		return json_pack("{s:n, s:b, s:n, s:[], s:n, s:n, s:n}", "pid", "up", 0, "uid", "capabilities",
			"seccomp", "cpu_pct", "pss_bytes");
	return json_pack("{s:I, s:b, s:I, s:o, s:i, s:f, s:I}",
		"pid", (json_int_t)daemon->self.pid,
		"up", 1,
		"uid", (json_int_t)daemon->self.uid,
		"capabilities", capabilities(daemon->self.cap_effective),
		"seccomp", (int)daemon->self.seccomp,
		"cpu_pct", daemon->cpu_pct,
		"pss_bytes", (json_int_t)daemon->self.pss_bytes);
}

static json_t *daemons(const struct suite *suite, uint64_t now_ns)
{
	json_t *object = json_object();

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		json_object_set_new(object, role_name((enum role)role), daemon_json(suite, (enum role)role, now_ns));
	return object;
}

static json_t *probes(const struct suite *suite)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < suite->probe_count; i++) {
		const struct suite_probe *probe = &suite->probes[i];
		char name[4 * SUITE_NAME_BYTES];

		snprintf(name, sizeof(name), "%s", probe->name);
		json_object_set_new(object, name, string(probe->attached ? "attached" : probe->why));
	}
	return object;
}

static json_t *totals(const struct counters *counters)
{
	return json_pack("{s:I, s:I, s:I, s:I}",
		"generated", (json_int_t)suite_generated(counters),
		"delivered", (json_int_t)counters->delivered,
		"dropped", (json_int_t)(counters->dropped_ring + counters->dropped_link),
		"filtered", (json_int_t)counters->filtered);
}

json_t *status_hold(const struct suite *suite)
{
	if (!suite->enforcer_known || suite->enforcer.hold_since_wall_ns == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "by", string(suite->holder), "since",
		shape_seconds(suite->enforcer.hold_since_wall_ns));
}

static const char *mode_name(const struct apid *apid)
{
	unsigned mode = apid->suite.enforcer_known ? apid->suite.enforcer.mode : (unsigned)apid->config.mode;

	return mode == MODE_ENFORCE ? "enforce" : "monitor";
}

json_t *status_json(const struct apid *apid, uint64_t now_ns)
{
	const struct suite *suite = &apid->suite;

	return json_pack("{s:s, s:f, s:s, s:o, s:o, s:f, s:o, s:{s:I, s:o}, s:o, s:o}",
		"version", LINNIX_VERSION,
		"uptime_s", (double)((now_ns - apid->start_ns) / NSEC_PER_MSEC) / 1e3,
		"mode", mode_name(apid),
		"hold", status_hold(suite),
		"daemons", daemons(suite, now_ns),
		"events_per_sec", suite->events_per_sec,
		"totals", totals(&suite->counters),
		"rules",
		"loaded", (json_int_t)apid->rules.count,
		"error", string_or_null(apid->rules.error),
		"kernel", string_or_null(suite->kernel),
		"probes", probes(suite));
}

json_t *status_ready(const struct apid *apid, uint64_t now_ns, bool *ready)
{
	const char *reasons[SUITE_REASONS_MAX];
	unsigned count = suite_reasons(&apid->suite, apid->rules.known, now_ns, reasons);
	json_t *list;

	*ready = count == 0;
	if (*ready)
		return json_pack("{s:s}", "status", "ready");
	list = json_array();
	for (unsigned i = 0; i < count; i++)
		json_array_append_new(list, string(reasons[i]));
	return json_pack("{s:s, s:o}", "status", "not ready", "reasons", list);
}

static json_t *rule_json(const struct rulebook_rule *place)
{
	const struct rule *rule = &place->rule;

	return json_pack("{s:o, s:o, s:s, s:s, s:f, s:I, s:I, s:I, s:s?, s:s, s:I, s:I, s:o}",
		"name", string(place->name),
		"detector", string(place->detector),
		"scope", name_scope(rule->scope),
		"severity", name_severity(rule->severity),
		"threshold", rule->threshold,
		"duration", (json_int_t)rule->duration_secs,
		"window_seconds", (json_int_t)rule->window_secs,
		"cooldown", (json_int_t)rule->cooldown_secs,
		"propose", rule->proposes ? name_action(rule->proposes) : NULL,
		"state", rule->active ? "firing" : "quiet",
		"active", (json_int_t)rule->active,
		"fired", (json_int_t)rule->fired,
		"last_fired", shape_seconds(rule->last_fired_wall_ns));
}

json_t *status_rules(const struct rulebook *book)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < book->count; i++)
		json_array_append_new(list, rule_json(&book->rules[i]));
	return list;
}
