/* SPDX-License-Identifier: AGPL-3.0-only */
#include "tests/harness/frames.h"

#include <stdio.h>
#include <string.h>

#define START_NS       (1000 * NSEC_PER_SEC)
#define WALL_OFFSET_NS (1700000000LL * (int64_t)NSEC_PER_SEC)

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "made frame: %s\n", what);
	abort();
}

void made_host_init(
	struct made_host *host, void (*take)(void *ctx, const struct frame *frame), void *ctx)
{
	*host = (struct made_host){
		.take = take, .ctx = ctx, .now_ns = START_NS, .tick_ns = START_NS, .last_pid = 1};
	host->processes = calloc(MADE_HOST_PIDS, sizeof(*host->processes));
	must(host->processes != NULL, "memory");
	host->processes[1] = (struct made_process){
		.info = {.start_ns = 1, .tgid = 1, .comm = "systemd"}, .alive = true};
}

void made_host_done(struct made_host *host)
{
	free(host->processes);
}

void made_frame(
	struct made_host *host, unsigned type, const void *payload, const struct text *texts)
{
	static uint64_t bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	long length = frame_write(bytes, sizeof(bytes), type, ++host->sequence, payload, texts);
	const char *why = "cannot be written";
	struct frame_header header;
	struct frame frame;

	must(length > 0, why);
	memcpy(&header, bytes, sizeof(header));
	must(frame_check_header(&header, WAY_EVENTS_UP, &why) == 0, why);
	must(frame_parse(&header, (char *)bytes + sizeof(header), &frame, &why) == 0, why);
	host->frames++;
	host->take(host->ctx, &frame);
}

static void tick(struct made_host *host)
{
	const struct tick payload = {.time_ns = host->tick_ns, .wall_offset_ns = WALL_OFFSET_NS};

	made_frame(host, FRAME_TICK, &payload, NULL);
	host->tick_ns += NSEC_PER_SEC;
}

void made_wait_ms(struct made_host *host, double ms)
{
	uint64_t until_ns = host->now_ns + (uint64_t)(ms * 1e6);

	while (host->tick_ns <= until_ns)
		tick(host);
	host->now_ns = until_ns;
}

void made_pass(struct made_host *host)
{
	struct sample_begin begin = {.time_ns = host->now_ns, .pass = ++host->pass, .full = 1};
	struct sample_end end = {.time_ns = host->now_ns, .pass = host->pass};

	made_frame(host, FRAME_SAMPLE_BEGIN, &begin, NULL);
	for (uint32_t pid = 1; pid <= host->last_pid; pid++) {
		const struct made_process *process = &host->processes[pid];
		struct sample sample = {.process = process->info,
			.pass = host->pass,
			.args_known = process->exe[0] != '\0'};
		const struct text texts[] = {text_of(process->exe), text_of(process->args)};

		if (!process->alive)
			continue;
		sample.process.time_ns = host->now_ns;
		made_frame(host, FRAME_SAMPLE, &sample, texts);
		end.sent++;
	}
	end.seen = end.sent;
	made_frame(host, FRAME_SAMPLE_END, &end, NULL);
}

void made_connect(struct made_host *host)
{
	const struct host payload = {.cpus = 2, .page_bytes = 4096, .memory_bytes = 1 << 30};
	const struct text texts[] = {text_of("testhost"), text_of("6.1.0")};

	tick(host);
	made_frame(host, FRAME_HOST, &payload, texts);
	made_pass(host);
}

/* Children inherit; their time of start is unique. */
static struct made_process *add(struct made_host *host, uint32_t parent)
{
	struct made_process *child = &host->processes[++host->last_pid];
	const struct made_process *from = &host->processes[parent];

	must(host->last_pid < MADE_HOST_PIDS, "too many processes");
	*child = *from;
	child->alive = true;
	child->info.tgid = host->last_pid;
	child->info.ppid = parent;
	child->info.parent_start_ns = from->info.start_ns;
	child->info.start_ns = host->now_ns + host->last_pid;
	child->info.time_ns = child->info.start_ns;
	child->info.ino = 100000 + host->last_pid;
	return child;
}

uint32_t made_process(struct made_host *host, uint32_t parent, const char *comm, uint32_t uid)
{
	struct made_process *process = add(host, parent);

	memset(process->info.comm, 0, sizeof(process->info.comm));
	snprintf(process->info.comm, sizeof(process->info.comm), "%s", comm);
	snprintf(process->exe, sizeof(process->exe), "/usr/bin/%s", comm);
	snprintf(process->args, sizeof(process->args), "%s --test", comm);
	process->info.uid = uid;
	if (host->cgroup != 0)
		process->info.cgroup = host->cgroup;
	/* It was there before anything else happened. */
	process->info.start_ns = 2 + host->last_pid;
	return host->last_pid;
}

uint32_t made_fork(struct made_host *host, uint32_t parent)
{
	struct fork payload = {.process = add(host, parent)->info};

	payload.process.time_ns = host->now_ns;
	made_frame(host, FRAME_FORK, &payload, NULL);
	return payload.process.tgid;
}

void made_exec(struct made_host *host, uint32_t pid, const char *exe, const char *args)
{
	struct made_process *process = &host->processes[pid];
	const char *slash = strrchr(exe, '/');
	const struct text texts[] = {text_of(exe), text_of(args)};
	struct exec payload;

	memset(process->info.comm, 0, sizeof(process->info.comm));
	snprintf(process->info.comm, sizeof(process->info.comm), "%s", slash ? slash + 1 : exe);
	snprintf(process->exe, sizeof(process->exe), "%s", exe);
	snprintf(process->args, sizeof(process->args), "%s", args);
	payload = (struct exec){.process = process->info};
	payload.process.time_ns = host->now_ns;
	made_frame(host, FRAME_EXEC, &payload, texts);
}

/* The kernel gives the orphans to PID 1. */
void made_exit(struct made_host *host, uint32_t pid, uint32_t status)
{
	struct made_process *process = &host->processes[pid];
	struct exit payload = {.process = process->info, .status = status};

	payload.process.time_ns = host->now_ns;
	made_frame(host, FRAME_EXIT, &payload, NULL);
	process->alive = false;
	for (uint32_t child = pid + 1; child <= host->last_pid; child++) {
		if (host->processes[child].info.ppid != pid)
			continue;
		host->processes[child].info.ppid = 1;
		host->processes[child].info.parent_start_ns = host->processes[1].info.start_ns;
	}
}

void made_cgroup(struct made_host *host, uint64_t key, const char *path)
{
	const struct cgroup payload = {.key = key};
	const struct text text = text_of(path);

	made_frame(host, FRAME_CGROUP, &payload, &text);
}

void made_counters(struct made_host *host, uint64_t dropped)
{
	const struct counters payload = {.dropped_ring = dropped};

	made_frame(host, FRAME_COUNTERS, &payload, NULL);
}

void made_storm(struct made_host *host, uint32_t parent, unsigned count, double per_second)
{
	uint64_t begin_ns = host->now_ns;

	for (unsigned i = 0; i < count; i++) {
		uint64_t at_ns = begin_ns + (uint64_t)(i * 1e9 / per_second);

		made_wait_ms(host, (double)(at_ns - host->now_ns) / 1e6);
		host->now_ns = at_ns;
		made_fork(host, parent);
	}
}
