/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/sentence.h"

#include <stdio.h>
#include <sys/wait.h>

#include "ruled/breaker.h"

#define NUMBER_BYTES 32

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

void sentence_rate(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s started %s processes per second for %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 1, value),
		finding->rule->duration_secs, number(finding->rule->threshold, limit));
}

void sentence_burst(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s started %s processes within %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 0, value),
		finding->rule->window_secs, number(finding->rule->threshold, limit));
}

void sentence_short_jobs(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s ran %s jobs of at most %u ms within %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 0, value),
		finding->rule->max_exec_duration_ms, finding->rule->window_secs,
		number(finding->rule->threshold, limit));
}

void sentence_crashes(const struct finding *finding, char *out, size_t size)
{
	uint32_t status = finding->event->status;
	bool signalled = WIFSIGNALED((int)status);
	char name[64], limit[NUMBER_BYTES];

	snprintf(out, size, "%s is the last of %.0f failures within %u s (limit %s), with %s %d",
		who(finding, name, sizeof(name)), finding->value, finding->rule->window_secs,
		number(finding->rule->threshold, limit), signalled ? "signal" : "exit code",
		signalled ? WTERMSIG((int)status) : WEXITSTATUS((int)status));
}

void sentence_execs(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size,
		"%s executed %s programs within %u s (limit %s), half of them for at most %.3f s",
		who(finding, name, sizeof(name)), amount(finding, 0, value), EXEC_RATE_WINDOW_SECS,
		number(finding->rule->threshold, limit),
		(double)finding->median_ns / (double)NSEC_PER_SEC);
}

void sentence_oom_kills(const struct finding *finding, char *out, size_t size)
{
	char name[64], limit[NUMBER_BYTES];

	snprintf(out, size,
		"%s is the last of %.0f killed for want of memory within %u s (limit %s)",
		who(finding, name, sizeof(name)), finding->value, finding->rule->window_secs,
		number(finding->rule->threshold, limit));
}

void sentence_level(const struct finding *finding, char *out, size_t size)
{
	const struct detector *detector = finding->rule->detector;
	int digits = detector->gauge == GAUGE_IO || detector->gauge == GAUGE_CONNECTS ? 1 : 0;
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s %s %s%s for %u s (limit %s)", who(finding, name, sizeof(name)),
		detector->verb, amount(finding, digits, value), detector->unit,
		finding->rule->duration_secs, number(finding->rule->threshold, limit));
}

void sentence_growth(const struct finding *finding, char *out, size_t size)
{
	char name[64], value[NUMBER_BYTES], limit[NUMBER_BYTES];

	snprintf(out, size, "%s grew by %s MB within %u s (limit %s)",
		who(finding, name, sizeof(name)), amount(finding, 0, value),
		finding->rule->window_secs, number(finding->rule->threshold, limit));
}

void sentence_pressure(const struct finding *finding, char *out, size_t size)
{
	const struct detector *detector = finding->rule->detector;
	char name[64], limit[NUMBER_BYTES];

	snprintf(out, size, "%s waited %s %.1f %% of the time for %u s (limit %s)%s%s",
		detector->full ? "everybody" : "somebody", detector->unit, finding->value,
		finding->rule->duration_secs, number(finding->rule->threshold, limit),
		finding->culprit ? ", most of it is used by " : "",
		finding->culprit ? who(finding, name, sizeof(name)) : "");
}

/* "ruby (pid 4242) used 187 of the 196 % of a core that killable processes used over the last 15 s; the next, gcc, 8" */
static void say_verdict(const struct finding *finding, char *out, size_t size)
{
	const struct breaker_verdict *verdict = finding->verdict;
	const struct detector *detector = finding->rule->detector;
	bool tree = finding->rule->action == ACTION_KILL_TREE;
	int digits = detector->gauge == GAUGE_IO ? 1 : 0;
	const char *verb = verdict->grown ? "grew by" : detector->verb;
	char over[48] = "", next[64] = "";

	if (verdict->most[0] == '\0') {
		snprintf(out, size, "nobody stands out");
		return;
	}
	if (detector->gauge != GAUGE_RSS || verdict->grown)
		snprintf(over, sizeof(over), " over the last %.0f s", verdict->secs);
	if (verdict->next[0] != '\0')
		snprintf(next, sizeof(next), "; the next, %.15s, %.*f", verdict->next, digits,
			verdict->next_use);
	snprintf(out, size, "%s%.15s (pid %u)%s %s %.*f of the %.*f%s that killable processes %s%s%s",
		finding->culprit ? "" : "nobody stands out: ", verdict->most, verdict->most_tgid,
		tree ? " and its descendants" : "", verb, digits, verdict->most_use, digits,
		verdict->killable, detector->unit, verb, over, next);
}

void sentence_breaker(const struct finding *finding, char *out, size_t size)
{
	static const char *const WANT[PRESSURE_RESOURCES] = {"a CPU", "memory", "storage"};
	const struct rule_def *rule = finding->rule;
	char busy[96] = "", limit[NUMBER_BYTES], use[NUMBER_BYTES], said[320];

	say_verdict(finding, said, sizeof(said));
	if (rule->use_pct > 0)
		snprintf(busy, sizeof(busy), "the CPUs were %.0f %% busy (limit %s) and ",
			finding->verdict->busy_pct, number(rule->use_pct, use));
	snprintf(out, size, "%s; %s%s waited for %s %.1f %% of the time (limit %s) for %u s", said, busy,
		rule->detector->full ? "everybody" : "somebody", WANT[rule->detector->resource],
		finding->value, number(rule->threshold, limit), rule->duration_secs);
}
