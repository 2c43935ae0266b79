/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/detector.h"

#include "ruled/sentence.h"

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
		!matcher_finds(rule->matcher, interned_text(entry->exe)))
		return LOOK_AWAY;
	if (!ended)
		return LOOK_COUNT;
	lives_add(lives, event->time_ns, life_of(entry->exec_ns, event->time_ns));
	return LOOK_ONLY;
}

static bool also_short_lived(const struct rule_def *rule, struct lives *lives, uint64_t now_ns)
{
	return lives_mostly_within(lives, now_ns, EXEC_RATE_WINDOW_SECS * NSEC_PER_SEC,
		rule->median_lifetime_secs * (double)NSEC_PER_SEC);
}

#define LEVEL(scopes_, scope_)                                                                     \
	.keys = KEYS_THRESHOLD | KEYS_DURATION, .scopes = (scopes_), .scope = (scope_)
#define PRESSURE(resource_, gauge_)                                                                \
	.kind = DETECT_PRESSURE, .resource = (resource_), .gauge = (gauge_),                       \
	.keys = KEYS_THRESHOLD_PCT | KEYS_DURATION, .scopes = SCOPE(HOST), .scope = SCOPE_HOST

/* What runaway_tree means with a window: as the original has it. */
static const struct detector RUNAWAY_FORKS = {
	.name = "runaway_tree",
	.keys = KEYS_THRESHOLD | KEYS_WINDOW,
	.scopes = SCOPE(PROCESS),
	.scope = SCOPE_PROCESS,
	.changes = 1U << PROCESS_FORKED,
	.look = look_at_all,
	.say = sentence_burst,
};

static const struct detector DETECTORS[] = {
	{
		.name = "forks_per_sec",
		.keys = KEYS_THRESHOLD | KEYS_DURATION,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_FORKED,
		.look = look_at_all,
		.say = sentence_rate,
	},
	{
		.name = "fork_burst",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_FORKED,
		.look = look_at_all,
		.say = sentence_burst,
	},
	{
		.name = "short_job_flood",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW | KEYS_MAX_EXEC,
		.scopes = SCOPES_ALL,
		.scope = SCOPE_TREE,
		.changes = 1U << PROCESS_EXITED,
		.look = look_at_short,
		.say = sentence_short_jobs,
	},
	{
		.name = "exec_rate",
		.keys = KEYS_EXEC_RATE,
		.scopes = SCOPE(HOST),
		.scope = SCOPE_HOST,
		.changes = 1U << PROCESS_EXECED | 1U << PROCESS_EXITED,
		.look = look_at_matching,
		.also = also_short_lived,
		.say = sentence_execs,
	},
	{
		.name = "crash_loop",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPE(CGROUP) | SCOPE(USER) | SCOPE(HOST),
		.scope = SCOPE_CGROUP,
		.changes = 1U << PROCESS_EXITED,
		.names_last = true,
		.by_program = true,
		.look = look_at_abnormal,
		.say = sentence_crashes,
	},
	{
		.name = "oom_kill",
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPE(HOST) | SCOPE(CGROUP) | SCOPE(USER),
		.scope = SCOPE_HOST,
		.changes = 1U << PROCESS_OOM_KILLED,
		.names_last = true,
		.look = look_at_all,
		.say = sentence_oom_kills,
	},
	{
		.name = "subtree_cpu_pct",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_CPU,
		.mean = true,
		LEVEL(SCOPE(TREE) | SCOPE(PROCESS), SCOPE_TREE),
		.say = sentence_level,
		.verb = "used",
		.unit = " % of a core",
	},
	{
		.name = "runaway_tree",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_CPU,
		.mean = true,
		.both = true,
		LEVEL(SCOPE(TREE), SCOPE_TREE),
		.say = sentence_level,
		.verb = "and its children used",
		.unit = " % of a core",
		.windowed = &RUNAWAY_FORKS,
	},
	{
		.name = "subtree_rss_mb",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_RSS,
		LEVEL(SCOPE(TREE) | SCOPE(PROCESS), SCOPE_TREE),
		.say = sentence_level,
		.verb = "held",
		.unit = " MB of memory",
	},
	{
		.name = "rss_growth_mb",
		.kind = DETECT_GROWTH,
		.keys = KEYS_THRESHOLD | KEYS_WINDOW,
		.scopes = SCOPE(PROCESS),
		.scope = SCOPE_PROCESS,
		.say = sentence_growth,
	},
	{
		.name = "fd_usage_pct",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_FDS,
		LEVEL(SCOPE(PROCESS), SCOPE_PROCESS),
		.say = sentence_level,
		.verb = "had",
		.unit = " % of the files open that it may have",
	},
	{
		.name = "zombie_count",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_ZOMBIES,
		LEVEL(SCOPE(PROCESS), SCOPE_PROCESS),
		.say = sentence_level,
		.verb = "had",
		.unit = " ended children it did not wait for",
	},
	{
		.name = "dstate_count",
		.kind = DETECT_HOST,
		.gauge = GAUGE_DSTATE,
		LEVEL(SCOPE(HOST), SCOPE_HOST),
		.say = sentence_level,
		.verb = "had",
		.unit = " processes in uninterruptible sleep",
	},
	{
		.name = "thread_count",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_THREADS,
		LEVEL(SCOPE(PROCESS), SCOPE_PROCESS),
		.say = sentence_level,
		.verb = "had",
		.unit = " threads",
	},
	{
		.name = "io_mb_per_sec",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_IO,
		.mean = true,
		LEVEL(SCOPE(TREE) | SCOPE(PROCESS), SCOPE_TREE),
		.say = sentence_level,
		.verb = "read and wrote",
		.unit = " MB per second",
	},
	{
		.name = "connect_rate",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_CONNECTS,
		.mean = true,
		LEVEL(SCOPE(TREE) | SCOPE(PROCESS), SCOPE_TREE),
		.say = sentence_level,
		.verb = "began",
		.unit = " connections per second",
	},
	{
		.name = "connection_count",
		.kind = DETECT_LEVEL,
		.gauge = GAUGE_CONNECTIONS,
		LEVEL(SCOPE(PROCESS), SCOPE_PROCESS),
		.say = sentence_level,
		.verb = "had",
		.unit = " connections open",
	},
	{
		.name = "system_psi_cpu",
		PRESSURE(PRESSURE_CPU, GAUGE_CPU),
		.say = sentence_pressure,
		.unit = "for a CPU",
	},
	{
		.name = "system_psi_memory",
		PRESSURE(PRESSURE_MEMORY, GAUGE_RSS),
		.say = sentence_pressure,
		.full = true,
		.unit = "for memory",
	},
	{
		.name = "system_psi_io",
		PRESSURE(PRESSURE_IO, GAUGE_IO),
		.say = sentence_pressure,
		.full = true,
		.unit = "for storage",
	},
};

/* Its name is no file's to use. */
#define BREAKER(resource_, gauge_)                                                                 \
	.name = "circuit_breaker", .breaker = true, PRESSURE(resource_, gauge_),                   \
	.say = sentence_breaker

static const struct detector BREAKERS[PRESSURE_RESOURCES] = {
	[PRESSURE_CPU] = {BREAKER(PRESSURE_CPU, GAUGE_CPU), .verb = "used", .unit = " % of a core"},
	[PRESSURE_MEMORY] = {BREAKER(PRESSURE_MEMORY, GAUGE_RSS),
		.full = true,
		.verb = "held",
		.unit = " MB of memory"},
	[PRESSURE_IO] = {BREAKER(PRESSURE_IO, GAUGE_IO),
		.full = true,
		.verb = "read and wrote",
		.unit = " MB per second"},
};

const struct detector *detector_breaker(enum pressure_resource resource)
{
	return &BREAKERS[resource];
}

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
