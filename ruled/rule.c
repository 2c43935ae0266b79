/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rule.h"

#include <string.h>

#include "common/glob.h"

void rule_filter_done(struct rule_filter *filter)
{
	free(filter->comm);
	free(filter->exe);
	free(filter->cgroup);
	free(filter->container);
	*filter = (struct rule_filter){0};
}

void rule_def_free(struct rule_def *rule)
{
	if (!rule)
		return;
	free(rule->pattern);
	free(rule->matcher);
	rule_filter_done(&rule->match);
	for (unsigned i = 0; i < rule->exclude_count; i++)
		rule_filter_done(&rule->exclude[i]);
	free(rule->exclude);
	free(rule->name);
	free(rule);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_filter(const struct rule_filter *a, const struct rule_filter *b)
{
	return same_text(a->comm, b->comm) && same_text(a->exe, b->exe) &&
	       same_text(a->cgroup, b->cgroup) && same_text(a->container, b->container) &&
	       a->user_set == b->user_set && a->user == b->user;
}

bool rule_def_equal(const struct rule_def *a, const struct rule_def *b)
{
	if (strcmp(a->name, b->name) != 0 || a->detector != b->detector ||
		a->threshold != b->threshold || a->clear_below != b->clear_below ||
		a->median_lifetime_secs != b->median_lifetime_secs || a->use_pct != b->use_pct ||
		a->duration_secs != b->duration_secs || a->window_secs != b->window_secs ||
		a->max_exec_duration_ms != b->max_exec_duration_ms ||
		a->cooldown_secs != b->cooldown_secs || a->severity != b->severity ||
		a->scope != b->scope || a->action != b->action || a->signal != b->signal ||
		!same_text(a->pattern, b->pattern) || !same_filter(&a->match, &b->match) ||
		a->exclude_count != b->exclude_count)
		return false;
	for (unsigned i = 0; i < a->exclude_count; i++)
		if (!same_filter(&a->exclude[i], &b->exclude[i]))
			return false;
	return true;
}

uint32_t rule_span_secs(const struct rule_def *rule)
{
	return MAX(rule->cooldown_secs, MAX(rule->duration_secs, rule->window_secs));
}

static bool fits(const char *glob, struct text text)
{
	return !glob || (text.data && glob_match(glob, text));
}

static bool filter_holds(const struct rule_filter *filter, const struct rule_subject *subject)
{
	if (filter->user_set && (!subject->user_known || subject->user != filter->user))
		return false;
	return fits(filter->comm, subject->comm) && fits(filter->exe, subject->exe) &&
	       fits(filter->cgroup, subject->cgroup) && fits(filter->container, subject->container);
}

bool rule_admits(const struct rule_def *rule, const struct rule_subject *subject)
{
	if (!filter_holds(&rule->match, subject))
		return false;
	for (unsigned i = 0; i < rule->exclude_count; i++)
		if (filter_holds(&rule->exclude[i], subject))
			return false;
	return true;
}
