/* SPDX-License-Identifier: AGPL-3.0-only */
/* What the engine's rooms share: frames (engine.c), rules (engine_rules.c), incidents. */
#pragma once

#include "ruled/cgroups.h"
#include "ruled/engine.h"
#include "ruled/evidence.h"
#include "ruled/flight.h"
#include "ruled/incidents.h"
#include "ruled/mutes.h"
#include "ruled/report.h"
#include "ruled/resumes.h"
#include "ruled/survey.h"

struct engine {
	struct engine_options options;
	struct engine_sink sink;
	struct process_table table;
	struct cgroups cgroups;
	struct ruleset *ruleset; /* NULL before the first */
	struct rule_state **states;
	unsigned state_count;
	struct rule_shares shares; /* of all states */
	struct survey survey;
	struct report_source source; /* what every alert tells */
	uint64_t now_ns;
	uint64_t counter;  /* of alerts */
	uint64_t received; /* process events */
	struct mutes mutes;
	uint64_t muted; /* alerts */
	uint64_t alerts[SEVERITY_COUNT];
	struct {
		uint64_t dropped; /* as COUNTERS last said */
		uint64_t told_ns; /* when it last grew; 0: never */
		bool known;
	} loss;
	bool ticked; /* the wall clock is known */
	struct evidence_host host;
	struct resumes resumes; /* until then */
	struct incidents incidents;
	struct flight flight;
};

static inline uint64_t engine_wall_now(const struct engine *engine)
{
	return wall_time(engine->now_ns, engine->source.wall_offset_ns);
}

void engine_free_states(struct rule_state **states, unsigned count);

/*
 * @report, numbered and not told yet, joins its incident, which its texts name from then on.
 * engine_tell_incident() afterwards, when the alert has been told.
 */
struct kept_incident *engine_join(struct engine *engine, struct firing *firing,
	const struct finding *finding, struct report *report, enum joined *joined);
void engine_tell_incident(struct engine *engine, const struct kept_incident *incident,
	enum joined joined, const struct finding *finding);

/* Clears the incidents that no firing belongs to any more. */
void engine_clear_incidents(struct engine *engine);

/* The wall clock is known from now on: takes in what was to be resumed. */
void engine_resume_all(struct engine *engine);
