/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/breaker.h"

#include <string.h>

#include "ruled/detector.h"

#define CLEAR_MAJORITY 0.5  /* of the killable use */
#define TIMES_THE_NEXT 2.0
#define MATTERS	       0.25 /* of all use */
#define GROWN	       0.1  /* of the killable use */
#define LASTING	       0.5  /* of the killable use, by those that are still there */
#define MOST	       0.8  /* of a tree: whoever has it is to blame for the tree */

/* By what those watched are compared, and what it comes to. */
struct contest {
	const struct level_pass *pass;
	const struct watched_set *set;
	bool tree, grown;
	double secs;
	const struct watched *most, *next; /* may be NULL */
	struct process_entry *entry;	   /* of most */
};

static double held(const struct contest *contest, const struct watched *watched)
{
	return watched ? watched_sum(watched->used) / contest->secs : 0;
}

static double value(const struct contest *contest, const struct watched *watched)
{
	double now = held(contest, watched);

	return contest->grown && watched ? MAX(now - watched->first, 0) : now;
}

static struct process_entry *entry_of(
	const struct contest *contest, const struct watched *watched)
{
	return process_table_find(
		contest->pass->table, (uint32_t)watched->key.a, watched->key.b);
}

/* Who has the most, of those that have at least @least; below @above where that is given. */
static void find_most(struct contest *contest, struct process_entry *above, double least)
{
	const struct watched *watched;
	double most = 0;

	TAILQ_FOREACH (watched, &contest->set->all, order) {
		double has = value(contest, watched);
		struct process_entry *entry = has > most && has >= least ? entry_of(contest, watched)
									 : NULL;

		if (!entry || !lineage_candidate(entry, contest->pass->suite) ||
			(above && !lineage_has(entry, above, contest->pass->suite)))
			continue;
		most = has;
		contest->most = watched;
		contest->entry = entry;
	}
}

/* The tree of a shell has all that what it started has: down to who has nearly all of it. */
static void descend(struct contest *contest)
{
	const struct watched *from = NULL;

	while (from != contest->most) {
		from = contest->most;
		find_most(contest, contest->entry, MOST * value(contest, from));
	}
}

static bool is_related(const struct contest *contest, struct process_entry *entry)
{
	const struct suite_users *suite = contest->pass->suite;

	return contest->tree && entry && (lineage_has(entry, contest->entry, suite) ||
						 lineage_has(contest->entry, entry, suite));
}

/* Also among those that have ended. */
static void find_next(struct contest *contest)
{
	const struct watched *watched;

	TAILQ_FOREACH (watched, &contest->set->all, order)
		if (watched != contest->most &&
			value(contest, watched) > value(contest, contest->next) &&
			!is_related(contest, entry_of(contest, watched)))
			contest->next = watched;
}

static double growth(struct contest *contest)
{
	const struct watched *watched;
	double all = 0;

	contest->grown = true;
	TAILQ_FOREACH (watched, &contest->set->all, order)
		all += value(contest, watched);
	contest->grown = false;
	return all;
}

static bool stands_out(const struct contest *contest, double killable, double whole)
{
	double most = value(contest, contest->most);

	return contest->most && !contest->set->blind && most >= CLEAR_MAJORITY * killable &&
	       most >= TIMES_THE_NEXT * value(contest, contest->next) &&
	       held(contest, contest->most) >= MATTERS * whole;
}

/* Whether most of it was used by processes that have ended since. Memory goes with who held it. */
static bool is_passing(const struct contest *contest, double killable)
{
	const struct watched *watched;
	double lasting = 0;

	TAILQ_FOREACH (watched, &contest->set->all, order) {
		const struct process_entry *entry = entry_of(contest, watched);

		if (entry && !entry->exited)
			lasting += value(contest, watched);
	}
	return lasting < LASTING * killable;
}

static void tell(const struct contest *contest, struct breaker_verdict *verdict)
{
	verdict->secs = contest->secs;
	if (contest->grown)
		verdict->secs = (double)(contest->pass->table->pass.begin_ns -
					 contest->set->begun_ns) /
				(double)NSEC_PER_SEC;
	verdict->grown = contest->grown;
	verdict->most_use = value(contest, contest->most);
	verdict->next_use = value(contest, contest->next);
	if (contest->most) {
		verdict->most_tgid = (uint32_t)contest->most->key.a;
		memcpy(verdict->most, contest->most->comm, COMM_BYTES);
	}
	if (contest->next)
		memcpy(verdict->next, contest->next->comm, COMM_BYTES);
}

void breaker_judge(
	const struct level_pass *pass, struct rule_state *state, struct breaker_verdict *verdict)
{
	const struct watched_set *set = state->watched;
	struct contest contest = {.pass = pass,
		.set = set,
		.tree = state->rule->action == ACTION_KILL_TREE};
	double killable, whole, grown;

	/* Passes may be rarer than the grace period is long: then the last one has to do. */
	if (set->begun_ns == 0)
		watched_set_pass(pass, state);
	*verdict = (struct breaker_verdict){0};
	contest.secs = watched_sum(set->secs);
	if (contest.secs <= 0)
		return;
	killable = watched_sum(set->killable) / contest.secs;
	whole = watched_sum(set->whole) / contest.secs;
	grown = state->rule->detector->resource == PRESSURE_MEMORY && !contest.tree ? growth(&contest) : 0;
	contest.grown = grown > 0 && grown >= GROWN * killable;
	verdict->killable = contest.grown ? grown : killable;
	find_most(&contest, NULL, 0);
	if (contest.most && contest.tree)
		descend(&contest);
	if (contest.most)
		find_next(&contest);
	tell(&contest, verdict);
	if (stands_out(&contest, verdict->killable, whole))
		verdict->culprit = contest.entry;
	else if (state->rule->detector->resource != PRESSURE_MEMORY && !contest.tree)
		verdict->passing = is_passing(&contest, killable);
}

double breaker_level(const struct rule_def *rule, double stall_pct, double busy_pct)
{
	if (rule->use_pct <= 0 || busy_pct >= rule->use_pct)
		return stall_pct;
	/* A little less busy neither trips it nor closes it. */
	return busy_pct >= rule->use_pct * rule->clear_below / rule->threshold
		       ? MIN(stall_pct, rule->clear_below)
		       : 0;
}

static enum breaker_state state_of(const struct rule_state *state)
{
	const struct hold *hold = TAILQ_FIRST(&state->holds.all);
	const struct firing *told;

	TAILQ_FOREACH (told, &state->firings.told, order)
		if (told->active)
			return BREAKER_OPEN;
	if (!hold)
		return BREAKER_CLOSED;
	return hold->ripe ? BREAKER_OPEN : BREAKER_GRACE;
}

void breaker_states(
	struct rule_state *const *states, unsigned count, uint16_t out[PRESSURE_RESOURCES])
{
	memset(out, 0, PRESSURE_RESOURCES * sizeof(*out));
	for (unsigned i = 0; i < count; i++)
		if (states[i]->watched)
			out[states[i]->rule->detector->resource] = (uint16_t)state_of(states[i]);
}
