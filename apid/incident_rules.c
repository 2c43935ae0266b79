/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_rules.h"

#include <errno.h>
#include <string.h>

#define BETWEEN ", "

void incident_rules_done(struct incident_rules *rules)
{
	free(rules->list);
	*rules = (struct incident_rules){0};
}

static struct incident_rule *find(const struct incident_rules *rules, const char *name)
{
	for (unsigned i = 0; i < rules->count; i++)
		if (strcmp(rules->list[i].name, name) == 0)
			return &rules->list[i];
	return NULL;
}

/* *rule is NULL if there is no place for another one. */
static int get(struct incident_rules *rules, struct text name, struct incident_rule **rule)
{
	struct incident_rule fresh = {0}, *list;

	text_copy(name, fresh.name, sizeof(fresh.name));
	*rule = find(rules, fresh.name);
	if (*rule)
		return 0;
	if (rules->count == INCIDENT_RULES_MAX) {
		rules->refused++;
		return 0;
	}
	list = realloc(rules->list, (rules->count + 1) * sizeof(fresh));
	if (!list)
		return -ENOMEM;
	rules->list = list;
	*rule = &list[rules->count++];
	**rule = fresh;
	return 0;
}

int incident_rules_alert(struct incident_rules *rules, const char *name, uint64_t told_wall_ns)
{
	struct incident_rule *rule;
	int r = get(rules, text_of(name), &rule);

	if (r == 0 && rule)
		rule->told_wall_ns = MAX(rule->told_wall_ns, told_wall_ns);
	return r;
}

static bool is_end(struct text text, size_t at)
{
	const size_t between = strlen(BETWEEN);

	return at == text.len ||
	       (text.len - at >= between && memcmp(text.data + at, BETWEEN, between) == 0);
}

/* Bytes of the longest known name with which @text begins; 0: none. */
static size_t known_length(const struct incident_rules *rules, struct text text)
{
	size_t longest = 0;

	for (unsigned i = 0; i < rules->count; i++) {
		size_t len = strlen(rules->list[i].name);

		if (len > longest && len <= text.len &&
			memcmp(rules->list[i].name, text.data, len) == 0 && is_end(text, len))
			longest = len;
	}
	return longest;
}

static size_t name_length(const struct incident_rules *rules, struct text text)
{
	size_t len = known_length(rules, text);

	if (len > 0)
		return len;
	while (!is_end(text, len))
		len++;
	return len;
}

int incident_rules_told(struct incident_rules *rules, struct text text)
{
	while (text.len > 0) {
		struct incident_rule *rule;
		size_t len = name_length(rules, text), step = MIN(text.len, len + strlen(BETWEEN));
		int r = len ? get(rules, (struct text){text.data, len}, &rule) : 0;

		if (r < 0)
			return r;
		text = (struct text){text.data + step, text.len - step};
	}
	return 0;
}

bool incident_rules_has(const struct incident_rules *rules, const char *name)
{
	return find(rules, name) != NULL;
}
