/* SPDX-License-Identifier: AGPL-3.0-only */
#include "tests/harness/synthetic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define START_NS       (1000 * NSEC_PER_SEC)
#define WALL_OFFSET_NS (1700000000LL * (int64_t)NSEC_PER_SEC)
#define PID_END	       (1U << 22)
#define STORM_SECS     3
#define GROUP	       25 /* processes of one service or session */
#define JOB_TEXTS      4096 /* different command lines of jobs */

enum phase { GONE, FORKED, RUNNING };

struct member {
	struct process info;
	uint32_t name; /* index of its program */
	enum phase phase;
	uint64_t cpu_ns, anon_bytes;
};

struct play {
	const struct synthetic_plan *plan;
	int (*take)(void *ctx, const void *frame, size_t bytes);
	void *ctx;
	struct synthetic_totals *totals;
	struct member *members; /* those that stand, then the jobs */
	uint32_t jobs;
	uint32_t next_pid, pass;
	uint64_t random, now_ns, sequence, events;
	bool storming;
	int result; /* of the first frame that was not taken */
};

static const char *const PROGRAMS[] = {"nginx", "postgres", "redis-server", "java", "python3", "node",
	"beam.smp", "rsyslogd", "bash", "sh", "awk", "sed", "grep", "git", "curl", "date"};

#define SHELL 8 /* the first of those that people and jobs run */

static uint64_t next_random(struct play *play)
{
	uint64_t x = play->random += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint32_t below(struct play *play, uint32_t bound)
{
	return (uint32_t)((next_random(play) >> 32) * bound >> 32);
}

static void send(struct play *play, unsigned type, const void *payload, const struct text *texts)
{
	static uint64_t bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	long length = frame_write(bytes, sizeof(bytes), type, ++play->sequence, payload, texts);

	if (play->result != 0)
		return;
	play->result = length < 0 ? (int)length : play->take(play->ctx, bytes, (size_t)length);
	play->totals->frames++;
	play->totals->bytes += length > 0 ? (uint64_t)length : 0;
}

static void set_comm(struct member *member, uint32_t name)
{
	member->name = name;
	memset(member->info.comm, 0, sizeof(member->info.comm));
	strncpy(member->info.comm, PROGRAMS[name], sizeof(member->info.comm) - 1);
}

/* The first of each group is a child of PID 1, the others hang below it, three in a row at most. */
static void stand(struct play *play, uint32_t index)
{
	struct member *member = &play->members[index];
	uint32_t place = index % GROUP, first = index - place;
	bool session = first / GROUP % 2 == 1;
	const struct process *parent;
	uint32_t above = 0;

	if (place > 0)
		above = place % 3 == 1 ? MAX(first, 1U) : index - 1;
	parent = &play->members[above].info;
	member->info = (struct process){.start_ns = 1 + index,
		.tgid = 1 + index,
		.ppid = index > 0 ? parent->tgid : 0,
		.parent_start_ns = index > 0 ? parent->start_ns : 0,
		.ino = 100000 + index,
		.cgroup = (1ULL << 48) + first / GROUP,
		.uid = index == 0 ? 0 : (session ? 1000 : 100) + first / GROUP % 800};
	set_comm(member, session ? SHELL + place % 2 : first / GROUP % SHELL);
	if (index == 0)
		strcpy(member->info.comm, "systemd");
	member->phase = RUNNING;
	member->anon_bytes = (uint64_t)(1 + below(play, 64)) << 20;
}

static void tell_cgroups(struct play *play)
{
	for (uint32_t i = 0; i * GROUP < play->plan->processes; i++) {
		const struct cgroup cgroup = {.key = (1ULL << 48) + i};
		char path[64];
		struct text text;

		snprintf(path, sizeof(path), i % 2 ? "/user.slice/user-%u.slice/session-%u.scope"
						    : "/system.slice/app-%u-%u.service", i % 800, i);
		text = text_of(path);
		send(play, FRAME_CGROUP, &cgroup, &text);
	}
}

static void texts_of(const struct play *play, const struct member *member, char *exe, char *args,
	size_t size, struct text *texts)
{
	uint32_t index = (uint32_t)(member - play->members);

	if (index >= play->plan->processes)
		index = member->info.tgid % JOB_TEXTS;
	if (play->plan->same_texts)
		index = 0;
	snprintf(exe, size, "/usr/lib/applications/%s/bin/%s", PROGRAMS[member->name],
		PROGRAMS[member->name]);
	snprintf(args, size, "%s --name=worker-%u --config=/etc/applications/%u.conf --verbose",
		PROGRAMS[member->name], index, index);
	texts[0] = text_of(exe);
	texts[1] = text_of(args);
}

static void tell_sample(struct play *play, const struct member *member)
{
	char exe[128], args[128];
	struct text texts[2];
	struct sample sample = {.process = member->info,
		.cpu_ns = member->cpu_ns,
		.rss_anon_bytes = member->anon_bytes,
		.rss_file_bytes = 4 << 20,
		.fds = 10 + member->name,
		.fd_limit = 1024,
		.threads = 1 + member->name % 4,
		.pass = play->pass,
		.state = 'S',
		.args_known = member->phase == RUNNING};

	sample.process.time_ns = play->now_ns;
	texts_of(play, member, exe, args, sizeof(exe), texts);
	send(play, FRAME_SAMPLE, &sample, texts);
}

static uint32_t tell_all(struct play *play)
{
	uint32_t sent = 0;

	for (uint32_t i = 0; i < play->plan->processes + play->jobs; i++) {
		if (play->members[i].phase == GONE)
			continue;
		tell_sample(play, &play->members[i]);
		sent++;
	}
	return sent;
}

/* Each of them a little busy, and with a little more or less memory. */
static uint32_t tell_changed(struct play *play)
{
	for (uint32_t i = 0; i < play->plan->changed_per_sec; i++) {
		struct member *member = &play->members[below(play, play->plan->processes)];

		member->cpu_ns += below(play, 20000000);
		member->anon_bytes = (member->anon_bytes & ~0xfffffULL) + (below(play, 256) << 12);
		tell_sample(play, member);
	}
	return play->plan->changed_per_sec;
}

static void pass(struct play *play, bool full)
{
	struct sample_begin begin = {.time_ns = play->now_ns, .pass = ++play->pass, .full = full};
	struct sample_end end = {.time_ns = play->now_ns, .pass = play->pass};

	send(play, FRAME_SAMPLE_BEGIN, &begin, NULL);
	end.sent = full ? tell_all(play) : tell_changed(play);
	end.seen = play->plan->processes;
	send(play, FRAME_SAMPLE_END, &end, NULL);
}

static void tell_second(struct play *play)
{
	const struct tick tick = {.time_ns = play->now_ns, .wall_offset_ns = WALL_OFFSET_NS};
	const struct host_sample sample = {.time_ns = play->now_ns, .pressure_known = 7};
	const struct counters counters = {.delivered = play->events};

	send(play, FRAME_TICK, &tick, NULL);
	send(play, FRAME_HOST_SAMPLE, &sample, NULL);
	send(play, FRAME_COUNTERS, &counters, NULL);
}

static void begin_job(struct play *play, struct member *job)
{
	uint32_t groups = play->plan->processes / GROUP;
	/* Mostly shells and the heads of services start others. */
	uint32_t chosen = play->storming ? GROUP + 1 : below(play, groups) * GROUP + 1 + below(play, 3);
	const struct member *parent = &play->members[MIN(chosen, play->plan->processes - 1)];
	struct fork fork;

	play->next_pid = play->next_pid + 1 < PID_END ? play->next_pid + 1 : play->plan->processes + 2;
	*job = *parent;
	job->phase = FORKED;
	job->cpu_ns = 0;
	job->anon_bytes = 1 << 20;
	job->info.tgid = play->next_pid;
	job->info.start_ns = job->info.time_ns = play->now_ns;
	job->info.ino = 1ULL << 32 | play->sequence;
	job->info.ppid = parent->info.tgid;
	job->info.parent_start_ns = parent->info.start_ns;
	fork = (struct fork){.process = job->info};
	send(play, FRAME_FORK, &fork, NULL);
}

static void run_job(struct play *play, struct member *job)
{
	char exe[128], args[128];
	struct text texts[2];
	struct exec exec;

	set_comm(job, SHELL + below(play, ARRAY_LEN(PROGRAMS) - SHELL));
	job->phase = RUNNING;
	job->info.time_ns = play->now_ns;
	exec = (struct exec){.process = job->info};
	texts_of(play, job, exe, args, sizeof(exe), texts);
	send(play, FRAME_EXEC, &exec, texts);
}

static void end_job(struct play *play, struct member *job)
{
	struct exit end = {.process = job->info, .status = below(play, 50) == 0 ? 1 << 8 : 0};

	end.process.time_ns = play->now_ns;
	end.cpu_ns = job->cpu_ns + below(play, 2000000);
	end.maxrss_bytes = job->anon_bytes;
	job->phase = GONE;
	send(play, FRAME_EXIT, &end, NULL);
}

static void event(struct play *play)
{
	struct member *job = &play->members[play->plan->processes + below(play, play->jobs)];

	play->events++;
	if (job->phase == GONE)
		begin_job(play, job);
	else if (job->phase == FORKED)
		run_job(play, job);
	else
		end_job(play, job);
}

static void second(struct play *play, uint32_t number)
{
	const struct synthetic_plan *plan = play->plan;
	uint64_t begin_ns = play->now_ns;
	uint32_t of_storm = plan->storm_every_secs ? number % plan->storm_every_secs : 0;
	uint32_t events = plan->events_per_sec;

	play->storming = plan->storm_every_secs && of_storm + STORM_SECS >= plan->storm_every_secs;
	play->totals->storms += play->storming && of_storm + 1 == plan->storm_every_secs;
	tell_second(play);
	pass(play, number % plan->full_every_secs == 0);
	if (play->storming && plan->storm_events_per_sec > 0)
		events = plan->storm_events_per_sec;
	for (uint32_t i = 0; i < events; i++) {
		play->now_ns = begin_ns + (i + 1ULL) * NSEC_PER_SEC / (events + 1ULL);
		event(play);
	}
	play->now_ns = begin_ns + NSEC_PER_SEC;
}

int synthetic_play(const struct synthetic_plan *plan,
	int (*take)(void *ctx, const void *frame, size_t bytes), void *ctx,
	struct synthetic_totals *totals)
{
	const struct host host = {.cpus = 2, .page_bytes = 4096, .memory_bytes = 1ULL << 34};
	const struct text names[] = {text_of("synthetic"), text_of("6.1.0")};
	struct play play = {.plan = plan,
		.take = take,
		.ctx = ctx,
		.totals = totals,
		.jobs = MAX(plan->events_per_sec / 6, 8U),
		.next_pid = plan->processes + 1,
		.random = plan->seed,
		.now_ns = START_NS};

	*totals = (struct synthetic_totals){0};
	play.members = calloc(plan->processes + play.jobs, sizeof(*play.members));
	if (!play.members)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->processes; i++)
		stand(&play, i);
	send(&play, FRAME_HOST, &host, names);
	tell_cgroups(&play);
	for (uint32_t i = 0; i < plan->seconds && play.result == 0; i++)
		second(&play, i);
	free(play.members);
	return play.result;
}
