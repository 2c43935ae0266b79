/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/status.h"

#include <ctype.h>
#include <string.h>
#include <sys/capability.h>

#include "apid/names.h"
#include "apid/shape.h"
#include "common/text.h"

static json_t *string(const char *text)
{
	return shape_text(text_of(text));
}

static json_t *string_or_null(const char *text)
{
	return shape_text_or_null(text_of(text));
}

/* Three decimals are more than is known. */
static json_t *measured(double value)
{
	return json_real((double)(int64_t)(value * 1e3 + 0.5) / 1e3);
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
	bool up = suite_up(suite, role, now_ns);
	struct shape s = shape_begin();

	shape_put(&s, "pid", up ? json_integer(daemon->self.pid) : json_null());
	shape_put(&s, "up", json_boolean(up));
	shape_put(&s, "uid", up ? json_integer(daemon->self.uid) : json_null());
	shape_put(&s, "capabilities", capabilities(up ? daemon->self.cap_effective : 0));
	shape_put(&s, "seccomp", up ? json_integer(daemon->self.seccomp) : json_null());
	shape_put(&s, "cpu_pct", up ? measured(daemon->cpu_pct) : json_null());
	shape_put(&s, "pss_bytes",
		up ? json_integer((json_int_t)daemon->self.pss_bytes) : json_null());
	return shape_end(&s);
}

static json_t *daemons(const struct suite *suite, uint64_t now_ns)
{
	struct shape s = shape_begin();

	for (unsigned i = 0; i < ROLE_COUNT; i++)
		shape_put(&s, role_name((enum role)i), daemon_json(suite, (enum role)i, now_ns));
	return shape_end(&s);
}

static json_t *probes(const struct suite *suite)
{
	struct shape s = shape_begin();

	for (unsigned i = 0; i < suite->probe_count; i++) {
		const struct suite_probe *probe = &suite->probes[i];
		char name[4 * SUITE_NAME_BYTES];

		text_escape(probe->name, strlen(probe->name), name, sizeof(name));
		shape_put(&s, name, string(probe->attached ? "attached" : probe->why));
	}
	return shape_end(&s);
}

static json_t *totals(const struct counters *counters)
{
	uint64_t dropped = counters->dropped_ring + counters->dropped_link;
	struct shape s = shape_begin();

	shape_put(&s, "generated", json_integer((json_int_t)suite_generated(counters)));
	shape_put(&s, "delivered", json_integer((json_int_t)counters->delivered));
	shape_put(&s, "dropped", json_integer((json_int_t)dropped));
	shape_put(&s, "filtered", json_integer((json_int_t)counters->filtered));
	return shape_end(&s);
}

static json_t *rules_state(const struct rulebook *book)
{
	struct shape s = shape_begin();

	shape_put(&s, "loaded", json_integer(rulebook_loaded(book)));
	shape_put(&s, "error", string_or_null(book->error));
	return shape_end(&s);
}

static json_t *breakers(const struct detection *detection)
{
	struct shape s = shape_begin();

	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		shape_put(&s, name_pressure(i), json_string(name_breaker(detection->breaker[i])));
	return shape_end(&s);
}

json_t *status_hold(const struct suite *suite)
{
	struct shape s;

	if (!suite->enforcer_known || suite->enforcer.hold_since_wall_ns == 0)
		return json_null();
	s = shape_begin();
	shape_put(&s, "by", string(suite->holder));
	shape_put(&s, "since", shape_seconds(suite->enforcer.hold_since_wall_ns));
	return shape_end(&s);
}

json_t *status_mute(enum mute_kind kind, const char *what, const char *by, uint64_t until_wall_ns)
{
	struct shape s = shape_begin();

	shape_put(&s, "kind", json_string(name_mute(kind)));
	shape_put(&s, "what", string(what));
	shape_put(&s, "by", string(by));
	shape_put(&s, "until", shape_seconds(until_wall_ns));
	return shape_end(&s);
}

static json_t *mutes_json(const struct mutes *mutes, uint64_t wall_ns)
{
	json_t *list = json_array();

	for (const struct muted *m = NULL; (m = mutes_next(mutes, m, wall_ns));)
		json_array_append_new(list, status_mute(m->kind, m->what, m->by, m->until_wall_ns));
	return list;
}

/* enforcerd's word; while it is away, what we have been told to run as. */
static const char *mode_name(const struct apid *apid)
{
	unsigned mode = apid->suite.enforcer_known ? apid->suite.enforcer.mode
						   : (unsigned)apid->config.mode;

	return mode == MODE_ENFORCE ? "enforce" : "monitor";
}

json_t *status_json(const struct apid *apid, uint64_t now_ns, uint64_t wall_ns)
{
	const struct suite *suite = &apid->suite;
	uint64_t uptime_ms = (now_ns - apid->start_ns) / NSEC_PER_MSEC;
	struct shape s = shape_begin();

	shape_put(&s, "version", json_string(LINNIX_VERSION));
	shape_put(&s, "uptime_s", json_real((double)uptime_ms / 1e3));
	shape_put(&s, "mode", json_string(mode_name(apid)));
	shape_put(&s, "hold", status_hold(suite));
	shape_put(&s, "daemons", daemons(suite, now_ns));
	shape_put(&s, "events_per_sec", measured(suite->events_per_sec));
	shape_put(&s, "totals", totals(&suite->counters));
	shape_put(&s, "rules", rules_state(&apid->rules));
	shape_put(&s, "mutes", mutes_json(&apid->mutes, wall_ns));
	shape_put(&s, "kernel", string_or_null(suite->kernel));
	shape_put(&s, "probes", probes(suite));
	shape_put(&s, "incidents_open", json_integer(suite->detection.incidents_open));
	shape_put(&s, "alerts_muted", shape_count(suite->detection.muted));
	shape_put(&s, "circuit_breaker", breakers(&suite->detection));
	return shape_end(&s);
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

static json_t *rule_json(const struct rulebook_rule *place, uint64_t wall_ns)
{
	const struct rule *rule = &place->rule;
	struct shape s = shape_begin();

	shape_put(&s, "name", string(place->name));
	shape_put(&s, "detector", string(place->detector));
	shape_put(&s, "scope", json_string(name_scope(rule->scope)));
	shape_put(&s, "severity", json_string(name_severity(rule->severity)));
	shape_put(&s, "threshold", json_real(rule->threshold));
	shape_put(&s, "duration", json_integer(rule->duration_secs));
	shape_put(&s, "window_seconds", json_integer(rule->window_secs));
	shape_put(&s, "cooldown", json_integer(rule->cooldown_secs));
	shape_put(&s, "propose",
		rule->proposes ? json_string(name_action(rule->proposes)) : json_null());
	shape_put(&s, "state", json_string(rule->active ? "firing" : "quiet"));
	shape_put(&s, "active", json_integer(rule->active));
	shape_put(&s, "fired", json_integer((json_int_t)rule->fired));
	shape_put(&s, "last_fired", shape_seconds(rule->last_fired_wall_ns));
	shape_put(&s, "muted_until",
		shape_seconds(rule->muted_until_wall_ns > wall_ns ? rule->muted_until_wall_ns : 0));
	return shape_end(&s);
}

json_t *status_rules(const struct rulebook *book, uint64_t wall_ns)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rulebook_loaded(book); i++)
		json_array_append_new(list, rule_json(&book->rules[i], wall_ns));
	return list;
}
