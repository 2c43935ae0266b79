/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/replayed.h"

#include <errno.h>
#include <string.h>

#include "apid/client/fields.h"

void replayed_done(struct replayed *replayed)
{
	for (unsigned i = 0; i < replayed->count; i++) {
		struct replayed_rule *rule = &replayed->rules[i];

		for (unsigned k = 0; k < rule->count; k++)
			json_decref(rule->culprits[k].json);
		free(rule->culprits);
		free(rule->name);
	}
	free(replayed->rules);
	*replayed = (struct replayed){0};
}

static void extend(struct replayed_span *span, double time)
{
	if (span->alerts++ == 0)
		span->first = span->last = time;
	span->first = MIN(span->first, time);
	span->last = MAX(span->last, time);
}

static struct replayed_rule *rule_of(struct replayed *replayed, const char *name)
{
	struct replayed_rule *grown;
	char *copy;

	for (unsigned i = 0; i < replayed->count; i++)
		if (strcmp(replayed->rules[i].name, name) == 0)
			return &replayed->rules[i];
	grown = reallocarray(replayed->rules, replayed->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	replayed->rules = grown;
	copy = strdup(name);
	if (!copy)
		return NULL;
	grown[replayed->count] = (struct replayed_rule){.name = copy};
	return &grown[replayed->count++];
}

/* A process is one by pid and start, for a pid may come again. */
static bool is_same(const json_t *a, const json_t *b)
{
	if (!a || !b)
		return a == b;
	return json_equal(json_object_get(a, "pid"), json_object_get(b, "pid")) &&
	       json_equal(json_object_get(a, "start_time"), json_object_get(b, "start_time"));
}

static int add_culprit(struct replayed_rule *rule, json_t *culprit, double time)
{
	struct replayed_culprit *grown;

	for (unsigned i = 0; i < rule->count; i++) {
		if (!is_same(rule->culprits[i].json, culprit))
			continue;
		extend(&rule->culprits[i].span, time);
		return 0;
	}
	if (rule->count == REPLAYED_CULPRITS_MAX) {
		rule->others++;
		return 0;
	}
	grown = reallocarray(rule->culprits, rule->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rule->culprits = grown;
	grown[rule->count] =
		(struct replayed_culprit){.json = culprit ? json_incref(culprit) : NULL};
	extend(&grown[rule->count++].span, time);
	return 0;
}

int replayed_add(struct replayed *replayed, const json_t *alert)
{
	const char *name = field_string(alert, "rule");
	double time = field_number(alert, "timestamp");
	struct replayed_rule *rule;

	if (!name || time <= 0)
		return -EINVAL;
	rule = rule_of(replayed, name);
	if (!rule)
		return -ENOMEM;
	extend(&rule->span, time);
	replayed->alerts++;
	return add_culprit(rule, field(alert, "culprit"), time);
}

static json_t *span_json(const struct replayed_span *span, double started)
{
	json_t *json = json_pack("{s:I, s:f, s:f}", "alerts", (json_int_t)span->alerts, "first",
		span->first, "last", span->last);

	if (json && started > 0) {
		json_object_set_new(json, "first_offset_s", json_real(span->first - started));
		json_object_set_new(json, "last_offset_s", json_real(span->last - started));
	}
	return json;
}

static json_t *rule_json(const struct replayed_rule *rule, double started)
{
	json_t *json = span_json(&rule->span, started), *list = json_array();

	json_object_set_new(json, "rule", json_string(rule->name));
	for (unsigned i = 0; i < rule->count; i++) {
		const struct replayed_culprit *culprit = &rule->culprits[i];
		json_t *one = span_json(&culprit->span, started);

		json_object_set_new(
			one, "culprit", culprit->json ? json_incref(culprit->json) : json_null());
		json_array_append_new(list, one);
	}
	json_object_set_new(json, "culprits", list);
	json_object_set_new(json, "other_alerts", json_integer((json_int_t)rule->others));
	return json;
}

json_t *replayed_json(const struct replayed *replayed, double started)
{
	json_t *rules = json_array();

	for (unsigned i = 0; i < replayed->count; i++)
		json_array_append_new(rules, rule_json(&replayed->rules[i], started));
	return json_pack("{s:o, s:I, s:o}", "started_at",
		started > 0 ? json_real(started) : json_null(), "alerts",
		(json_int_t)replayed->alerts, "rules", rules);
}
