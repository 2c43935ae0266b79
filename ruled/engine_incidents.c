/* SPDX-License-Identifier: AGPL-3.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ruled/detector.h"
#include "ruled/engine_state.h"

#define VERSION_MAX (1ULL << 62)
/* A firing that stands for one whose program is not known. */
#define ANY_PROGRAM (UINT64_MAX - 1)

static void tell_state(struct engine *engine, const struct incident *frame, const char *rules)
{
	const struct text texts[] = {text_of(rules)};

	engine->sink.on_incident(engine->sink.ctx, FRAME_INCIDENT, frame, texts);
}

struct kept_incident *engine_join(struct engine *engine, struct firing *firing,
	const struct finding *finding, struct report *report, enum joined *joined)
{
	const struct rule_def *rule = finding->rule;
	bool by_rule = incident_by_rule(rule, finding->culprit != NULL);
	const struct joining joining = {
		.cause = incident_cause(rule, finding->culprit, firing->culprit),
		.culprit = by_rule ? NULL : finding->culprit,
		.rule = rule->name,
		.alert = &report->alert.frame,
	};
	struct kept_incident *incident = NULL;

	*joined = incidents_join(
		&engine->incidents, &engine->options.suite, &joining, &incident);
	if (!incident)
		return NULL;
	firing->incident = incident_ref(&engine->incidents, incident);
	snprintf(report->incident, sizeof(report->incident), "%" PRIx64 "-%" PRIu64,
		incident->frame.epoch, incident->frame.counter);
	report->alert.texts[ALERT_INCIDENT] = text_of(report->incident);
	return incident;
}

void engine_tell_incident(struct engine *engine, const struct kept_incident *incident,
	enum joined joined, const struct finding *finding)
{
	const struct evidence evidence = {
		.epoch = incident->frame.epoch,
		.counter = incident->frame.counter,
		.table = &engine->table,
		.flight = &engine->flight,
		.host = &engine->host,
		.finding = finding,
		.wall_offset_ns = engine->source.wall_offset_ns,
		.sink = &engine->sink,
	};

	tell_state(engine, &incident->frame, incident->rules);
	if (joined == JOINED_NEW)
		evidence_tell(&evidence);
}

void engine_clear_incidents(struct engine *engine)
{
	const struct kept_incident *cleared;
	const struct firing *firing;

	incidents_sweep(&engine->incidents);
	for (unsigned i = 0; i < engine->state_count; i++)
		TAILQ_FOREACH (firing, &engine->states[i]->firings.told, order)
			incidents_mark(&engine->incidents, firing->incident);
	while ((cleared = incidents_cleared(&engine->incidents, engine->now_ns, engine_wall_now(engine))))
		tell_state(engine, &cleared->frame, cleared->rules);
}

static struct rule_state *state_of(const struct engine *engine, const char *rule)
{
	for (unsigned i = 0; i < engine->state_count; i++)
		if (strcmp(engine->states[i]->rule->name, rule) == 0)
			return engine->states[i];
	return NULL;
}

/* What the rule's scope has where it names no process, as in the keys of its firings. */
static uint64_t scope_of(const struct resume *resume)
{
	if (resume->scope == SCOPE_CGROUP)
		return resume->cgroup;
	return resume->scope == SCOPE_USER ? resume->uid : 0;
}

/* What the firing of @rule would be called that RESUME tells of. */
static struct map_key firing_key(const struct rule_def *rule, const struct resume *resume)
{
	if (rule->detector->names_last)
		return (struct map_key){
			rule->detector->by_program ? ANY_PROGRAM : 0, scope_of(resume)};
	if (resume->tgid == 0)
		return (struct map_key){UINT64_MAX, scope_of(resume)};
	return (struct map_key){resume->tgid, resume->start_ns};
}

static struct cause cause_of(
	const struct rule_state *state, const char *rule, const struct resume *resume)
{
	const struct cause by_process = {0, {resume->tgid, resume->start_ns}, false};
	struct cause cause = {hash_bytes(rule, strlen(rule)), {UINT64_MAX, scope_of(resume)}, false};

	if (resume->tgid != 0 && !(state && state->rule->detector->names_last))
		return by_process;
	if (state)
		cause.key = firing_key(state->rule, resume);
	cause.any_program = cause.key.a == ANY_PROGRAM;
	return cause;
}

/* Where the value stands that says whether it has cleared. */
static void set_window(struct firing *firing, const struct rule_def *rule)
{
	bool process = firing->culprit.a <= UINT32_MAX && !rule->detector->names_last;

	firing->window = firing->culprit;
	if (rule->detector->kind == DETECT_EVENTS) {
		firing->scoped = !process;
		if (firing->culprit.a == UINT64_MAX)
			firing->window.a = 0;
	} else if (rule->detector->kind != DETECT_LEVEL && rule->detector->kind != DETECT_GROWTH) {
		firing->window = (struct map_key){UINT64_MAX, 0};
	}
}

/* When the rule told it: before we were there, whatever apid says. */
static uint64_t told_ns(const struct engine *engine, const struct resume *resume)
{
	int64_t told = (int64_t)MIN(resume->told_wall_ns, (uint64_t)INT64_MAX / 2) -
		       engine->source.wall_offset_ns;

	return MIN(told > 0 ? (uint64_t)told : 0, MIN(engine->source.epoch, engine->now_ns));
}

/*
 * trust: apid says what an earlier ruled has told. Taken over it can say what it likes: that makes
 * a rule silent about the culprits it names for one cooldown of the rule after our start, once,
 * since told_ns() is never later than that and what is followed already stays as it is. It explains
 * away nobody else's use (detect.c, level.c), and takes no place of what was seen (firing_set_adopt).
 */
static void adopt_firing(struct engine *engine, struct rule_state *state,
	const struct resume *resume, struct incident_ref ref)
{
	const struct rule_def *rule = state->rule;
	struct map_key key = firing_key(rule, resume);
	struct firing *firing = firing_set_find(&state->firings, key);

	if (firing)
		return;
	firing = firing_set_adopt(&state->firings, key, told_ns(engine, resume));
	if (!firing)
		return;
	set_window(firing, rule);
	firing->incident = ref;
	firing->clear_ns = engine->now_ns;
	firing->keep_until_ns = engine->now_ns + ((uint64_t)rule_span_secs(rule) +
							 rule->duration_secs) * NSEC_PER_SEC;
}

static struct incident frame_of(const struct resume *resume)
{
	/* What happened between the two was not seen: the evidence is not complete. */
	return (struct incident){
		.epoch = resume->epoch,
		.counter = resume->counter,
		.version = resume->version,
		.opened_wall_ns = resume->opened_wall_ns,
		.updated_wall_ns = resume->told_wall_ns,
		.alerts = resume->alerts,
		.reopened = resume->reopened,
		.severity = resume->severity,
	};
}

/* What there is no room for is not left open for ever. */
static void tell_unfollowed(struct engine *engine, struct incident frame, const char *rule)
{
	frame.version++;
	frame.cleared_wall_ns = frame.updated_wall_ns = MAX(engine_wall_now(engine), 1);
	engine->incidents.refused++;
	tell_state(engine, &frame, rule);
}

static void resume(struct engine *engine, const struct resume *resume, const char *rule)
{
	struct rule_state *state = state_of(engine, rule);
	struct kept_incident *incident =
		incidents_find(&engine->incidents, resume->epoch, resume->counter);
	const struct incident frame = frame_of(resume);

	/* trust: no id that we have yet to give, and no version that leaves none after it */
	if (resume->version > VERSION_MAX ||
		(resume->epoch == engine->source.epoch && resume->counter > engine->counter))
		return;
	if (incident && !incident->adopted) {
		/* A change that had to be given up on the way is told again. */
		if (incident->frame.version > resume->version)
			tell_state(engine, &incident->frame, incident->rules);
		return;
	}
	if (!incident)
		incident = incidents_adopt(
			&engine->incidents, &frame, cause_of(state, rule, resume));
	if (!incident) {
		tell_unfollowed(engine, frame, rule);
		return;
	}
	incident_add_rule(incident, rule);
	if (state)
		adopt_firing(
			engine, state, resume, incident_ref(&engine->incidents, incident));
}

void engine_resume_all(struct engine *engine)
{
	for (unsigned i = 0; i < engine->resumes.count; i++)
		resume(engine, &engine->resumes.at[i].frame, engine->resumes.at[i].rule);
	resumes_done(&engine->resumes);
}

void engine_resume(struct engine *engine, const struct resume *frame, struct text rule)
{
	resumes_add(&engine->resumes, frame, rule);
	if (engine->ticked)
		engine_resume_all(engine);
}
