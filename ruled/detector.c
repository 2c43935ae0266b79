/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/detector.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define EXEC_RATE_WINDOW_SECS 60
#define NUMBER_BYTES	      32

#define SCOPE(name) (1U << SCOPE_##name)
#define SCOPES_ALL  (SCOPE(HOST) | SCOPE(TREE) | SCOPE(PROCESS) | SCOPE(CGROUP) | SCOPE(USER))

static uint64_t life_of(uint64_t began_ns, uint64_t ended_ns)
{
	return ended_ns > began_ns ? ended_ns - began_ns : 0;
}

static enum look look_at_all(
	const struct rule_def *rule, struct lives *lives, const struct process_event *event)
{
	(void)rule, (void)lives, (void)event;
	return LOOK_COUNT;
}

static enum look look_at_short(
	const struct rule_def *rule, struct lives *lives, const struct process_event *event)
{
	uint64_t life = life_of(event->entry->info.start_ns, event->time_ns);

	(void)lives;
	return life <= rule->max_exec_duration_ms * NSEC_PER_MSEC ? LOOK_COUNT : LOOK_AWAY;
}

static enum look look_at_abnormal(
	const struct rule_def *rule, struct lives *lives, const struct process_event *event)
{
	(void)rule, (void)lives;
	return event->status != 0 ? LOOK_COUNT : LOOK_AWAY;
}

static enum look look_at_matching(
	const struct rule_def *rule, struct lives *lives, const struct process_event *event)
{
	const struct process_entry *entry = event->entry;
	bool ended = event->change == PROCESS_EXITED;

	if (!entry->exe || (ended && entry->exec_ns == 0) ||
		regexec(&rule->regex, entry->exe->data, 0, NULL, 0) != 0)
		return LOOK_AWAY;
	if (!ended)
		return LOOK_COUNT;
	lives_add(lives, event->time_ns, life_of(entry->exec_ns, event->time_ns));
	return LOOK_ONLY;
}

static bool also_short_lived(const struct rule_def *rule, const struct lives *lives,
	uint64_t now_ns, uint64_t *median_ns)
{
	return lives_median(lives, now_ns, EXEC_RATE_WINDOW_SECS * NSEC_PER_SEC, median_ns) &&
	       (double)*median_ns <= rule->median_lifetime_secs * (double)NSEC_PER_SEC;
}

/* Who did it: "sh (pid 4711, uid 1000)". */
static const char *who(const struct finding *finding, char *out, size_t size)
{
	const struct process *info;

	if (!finding->culprit)
		return finding->who;
	info = &finding->culprit->info;
	snprintf(out, size, "%s (pid %u, uid %u)", info->comm, info->tgid, info->uid);
	return out;
}

/* As short as it is exact: "10", "2.5". */
static const char *number(double value, char out[NUMBER_BYTES])
{
	snprintf(out, NUMBER_BYTES, "%.*f", value == (double)(uint64_t)value ? 0 : 2, value);
	return out;
}

/* "31", or "26 of 32" where the culprit's part is smaller than what is over the threshold. */
static const char *amount(const struct finding *finding, int digits, char out[NUMBER_BYTES])
{
	if (finding->culprit && finding->own < finding->value)
		snprintf(out, NUMBER_BYTES, "%.*f of %.*f", digits, finding->own, digits,
			finding->value);
	else
		snprintf(out, NUMBER_BYTES, "%.*f", digits, finding->value);
	return out;
}

static void say_rate(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s started %s processes per second for %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 1, value),
		finding->rule->duration_secs, number(finding->rule->threshold, limit));
}

static void say_burst(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s started %s processes within %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 0, value),
		finding->rule->window_secs, number(finding->rule->threshold, limit));
}

static void say_short_jobs(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s ran %s jobs of at most %u ms within %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 0, value),
		finding->rule->max_exec_duration_ms, finding->rule->window_secs,
		number(finding->rule->threshold, limit));
}

static void say_crashes(const struct finding *finding, char *out, size_t size)
{
	uint32_t status = finding->event->status;
	bool signalled = WIFSIGNALED((int)status);
	char name[64], limit[NUMBER_BYTES];

	snprintf(out, size, "%s is the last of %.0f failures within %u s (limit %s), with %s %d",
		who(finding, name, sizeof(name)), finding->value, finding->rule->window_secs,
		number(finding->rule->threshold, limit), signalled ? "signal" : "exit code",
		signalled ? WTERMSIG((int)status) : WEXITSTATUS((int)status));
}

static void say_execs(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size,
		"%s executed %s programs within %u s (limit %s), half of them for at most %.3f s",
		who(finding, name, sizeof(name)), amount(finding, 0, value), EXEC_RATE_WINDOW_SECS,
		number(finding->rule->threshold, limit),
		(double)finding->median_ns / (double)NSEC_PER_SEC);
}

static const struct detector DETECTORS[] = {
	{
		.name = "forks_per_sec",
		.keys = KEYS_THRESHOLD | KEYS_DURATION,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_FORKED,
		.look = look_at_all,
		.say = say_rate,
	},
	{
		.name = "fork_burst",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_FORKED,
		.look = look_at_all,
		.say = say_burst,
	},
	{
		.name = "short_job_flood",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW | KEYS_MAX_EXEC,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_EXITED,
		.look = look_at_short,
		.say = say_short_jobs,
	},
	{
		.name = "exec_rate",
		.keys = KEYS_EXEC_RATE,
		.scopes = SCOPE(HOST),
		.scope = SCOPE_HOST,
		.changes = 1U << PROCESS_EXECED | 1U << PROCESS_EXITED,
		.look = look_at_matching,
		.also = also_short_lived,
		.say = say_execs,
	},
	{
		.name = "crash_loop",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPE(CGROUP) | SCOPE(USER) | SCOPE(HOST),
		.scope = SCOPE_CGROUP,
		.changes = 1U << PROCESS_EXITED,
		.names_last = true,
		.look = look_at_abnormal,
		.say = say_crashes,
	},
};

const struct detector *detector_at(unsigned index)
{
	return index < ARRAY_LEN(DETECTORS) ? &DETECTORS[index] : NULL;
}

struct window_shape detector_shape(const struct rule_def *rule)
{
	if (rule->detector->keys & KEYS_DURATION)
		return window_shape_rate(rule->duration_secs);
	if (rule->detector->keys & KEYS_EXEC_RATE)
		return window_shape_count(EXEC_RATE_WINDOW_SECS);
	return window_shape_count(rule->window_secs);
}

void detector_say(const struct finding *finding, char *out, size_t size)
{
	finding->rule->detector->say(finding, out, size);
}
