/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/survey.h"

#include <math.h>

#include "ruled/breaker.h"
#include "ruled/culprit.h"
#include "ruled/telling.h"

#define CENTI 100.0

void survey_rules(struct survey *survey, struct rule_state **states, unsigned count)
{
	survey->states = states;
	survey->count = count;
	survey->needed = false;
	for (unsigned gauge = 0; gauge < GAUGE_COUNT; gauge++)
		survey->floor[gauge] = INFINITY;
	for (unsigned i = 0; i < count; i++) {
		const struct rule_def *rule = states[i]->rule;
		const struct detector *detector = rule->detector;

		survey->needed |= detector->kind != DETECT_EVENTS;
		if (detector->kind == DETECT_LEVEL)
			survey->floor[detector->gauge] =
				MIN(survey->floor[detector->gauge], rule->threshold);
	}
	survey->asked_count = 0;
	for (unsigned gauge = 0; gauge < GAUGE_COUNT; gauge++)
		if (survey->floor[gauge] < INFINITY)
			survey->asked[survey->asked_count++] = (enum gauge)gauge;
}

/* What was found has been told already: itself, or the tree it is the greater part of. */
static bool is_told(const struct survey *survey, const struct rule_state *state, struct map_key key,
	const struct level_find *found)
{
	struct firing *firing = telling_cooling(state, key, survey->now_ns);
	const struct firing *last = TAILQ_LAST(&state->firings.told, firing_list);
	const struct hold *decider = found->decider;

	if (!firing && decider && decider->entry && decider->entry != found->culprit)
		firing = telling_cooling(state, decider->key, survey->now_ns);
	/* A breaker that has named somebody is not to say that it knows nobody. */
	if (!firing && state->watched && !found->culprit && last)
		firing = telling_cooling(state, last->culprit, survey->now_ns);
	if (firing)
		firing_seen(firing);
	return firing != NULL;
}

static void tell(struct survey *survey, struct rule_state *state, const struct level_find *found,
	const struct breaker_verdict *verdict)
{
	const struct process_event event = {.entry = found->culprit, .time_ns = survey->now_ns};
	const struct finding finding = {.rule = state->rule,
		.event = &event,
		.culprit = found->culprit,
		.who = "the host",
		.value = found->value,
		.own = found->own,
		.since_ns = found->since_ns,
		.series = found->series,
		.verdict = verdict};
	const struct map_key nobody = {UINT64_MAX, 0};
	struct map_key key = found->culprit ? culprit_key(0, found->culprit) : nobody;
	struct firing *firing;

	if (is_told(survey, state, key, found))
		return;
	firing = firing_set_tell(&state->firings, key, survey->now_ns);
	if (!firing)
		return;
	firing->window = found->decider ? found->decider->key : key;
	firing->scoped = false;
	if (found->decider) {
		found->decider->sum = 0;
		found->decider->samples = 0;
	}
	if (telling_admits(state->rule, survey->cgroups, found->culprit, NULL))
		survey->on_found(survey->ctx, state, firing, &finding);
	else
		firing->alert = 0;
}

/* True if a rule has something to tell of the growth of @entry. */
static bool see_growth(const struct survey *survey, struct process_entry *entry)
{
	struct growth_set *set;
	bool found = false;

	if (!growth_concerns(entry, survey->pass.begin_ns))
		return false;
	entry->growth = GROWTH_NONE;
	LIST_FOREACH (set, survey->growths, order) {
		set->found = growth_see(
			set, entry, survey->pass.begin_ns, survey->pass.before_ns);
		found |= set->found != NULL;
	}
	return found && lineage_candidate(entry, survey->pass.suite);
}

static void tell_growth(
	struct survey *survey, struct rule_state *state, struct process_entry *entry)
{
	struct level_find found = {.culprit = entry};

	if (!state->growths->found)
		return;
	found.value = found.own = state->growths->found->value_mb;
	found.since_ns = survey->pass.begin_ns - state->growths->window_ns;
	found.series.growth = state->growths->found;
	tell(survey, state, &found, NULL);
}

static bool is_over_any_floor(const struct survey *survey, const struct process_entry *entry)
{
	for (unsigned i = 0; i < survey->asked_count; i++)
		if (usage_tree(entry, survey->asked[i]) > survey->floor[survey->asked[i]])
			return true;
	return false;
}

static void see(void *ctx, struct process_entry *entry)
{
	struct survey *survey = ctx;
	bool over = is_over_any_floor(survey, entry), grown = see_growth(survey, entry);

	if (!over && !grown)
		return;
	for (unsigned i = 0; i < survey->count; i++) {
		struct rule_state *state = survey->states[i];

		if (over && state->rule->detector->kind == DETECT_LEVEL)
			level_see(&survey->pass, state, entry);
		else if (grown && state->growths)
			tell_growth(survey, state, entry);
	}
}

static void settle(struct survey *survey, struct rule_state *state)
{
	struct level_find found;

	level_settle(&survey->pass, state);
	while (level_next(&survey->pass, state, &found))
		tell(survey, state, &found, NULL);
}

static void settle_breaker(struct survey *survey, struct rule_state *state, double busy_pct)
{
	struct breaker_verdict verdict;
	struct level_find found;

	level_settle(&survey->pass, state);
	if (TAILQ_EMPTY(&state->holds.all))
		watched_set_clear(state->watched);
	while (level_next(&survey->pass, state, &found)) {
		breaker_judge(&survey->pass, state, &verdict);
		verdict.busy_pct = busy_pct;
		found.culprit = verdict.culprit;
		if (!verdict.passing)
			tell(survey, state, &found, &verdict);
	}
}

void survey_pass(struct survey *survey, struct process_table *table, uint64_t now_ns)
{
	struct level_pass *pass = &survey->pass;
	struct growth_set *set;

	if (!survey->needed)
		return;
	survey->now_ns = now_ns;
	pass->begin_ns = table->pass.begin_ns;
	pass->before_ns = table->pass.before_ns;
	pass->number++;
	LIST_FOREACH (set, survey->growths, order)
		growth_begin(set, pass->begin_ns);
	usage_walk(table, pass->suite, &pass->host, see, survey);
	for (unsigned i = 0; i < survey->count; i++) {
		struct rule_state *state = survey->states[i];
		const struct detector *detector = state->rule->detector;

		if (detector->kind == DETECT_HOST)
			level_see_host(pass, state, pass->host.at[detector->gauge]);
		if (detector->kind == DETECT_HOST || detector->kind == DETECT_LEVEL)
			settle(survey, state);
		if (state->growths)
			growth_expire(state->growths, pass->begin_ns);
		if (state->watched && !TAILQ_EMPTY(&state->holds.all))
			watched_set_pass(pass, state);
	}
}

/* Since the last host sample; negative: not known. */
static double busy_pct_of(struct survey *survey, const struct host_sample *sample)
{
	uint64_t busy_ns = sample->cpu_busy_ns - survey->cpu.busy_ns;
	uint64_t total_ns = sample->cpu_total_ns - survey->cpu.total_ns;
	bool known = survey->cpu.total_ns > 0 && sample->cpu_total_ns > survey->cpu.total_ns &&
		     sample->cpu_busy_ns >= survey->cpu.busy_ns;

	survey->cpu.busy_ns = sample->cpu_busy_ns;
	survey->cpu.total_ns = sample->cpu_total_ns;
	return known ? 100.0 * (double)busy_ns / (double)total_ns : -1;
}

static double stall_pct_of(const struct host_sample *sample, const struct detector *detector)
{
	const struct pressure *pressure = &sample->pressure[detector->resource];

	return (detector->full ? pressure->full_avg10_centi : pressure->some_avg10_centi) / CENTI;
}

void survey_host(struct survey *survey, const struct host_sample *sample)
{
	double busy_pct = busy_pct_of(survey, sample);

	survey->now_ns = survey->pass.begin_ns = sample->time_ns;
	survey->pass.number++;
	for (unsigned i = 0; i < survey->count; i++) {
		struct rule_state *state = survey->states[i];
		const struct detector *detector = state->rule->detector;
		double stall_pct = stall_pct_of(sample, detector);

		if (detector->kind != DETECT_PRESSURE ||
			!(sample->pressure_known & 1U << detector->resource))
			continue;
		if (!detector->breaker) {
			level_see_host(&survey->pass, state, stall_pct);
			settle(survey, state);
			continue;
		}
		level_see_host(
			&survey->pass, state, breaker_level(state->rule, stall_pct, busy_pct));
		settle_breaker(survey, state, busy_pct);
	}
}

void survey_forget(struct survey *survey)
{
	survey->cpu.total_ns = 0;
	for (unsigned i = 0; i < survey->count; i++) {
		hold_set_clear(&survey->states[i]->holds);
		if (survey->states[i]->growths)
			growth_set_clear(survey->states[i]->growths);
		if (survey->states[i]->watched)
			watched_set_clear(survey->states[i]->watched);
	}
}
