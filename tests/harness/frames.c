/* SPDX-License-Identifier: AGPL-3.0-only */
#include "tests/harness/frames.h"

#include <stdio.h>
#include <string.h>

#define START_NS       (1000 * NSEC_PER_SEC)
#define MADE_CPUS      2
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
		.take = take, .ctx = ctx, .now_ns = START_NS, .tick_ns = START_NS, .last_pid = 1,
		.busy_since_ns = START_NS};
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

/* Lets @process do what it does until now. */
static void reckon(const struct made_host *host, struct made_process *process)
{
	struct made_use *use = &process->use;
	uint64_t from_ns = MAX(process->used_ns, process->info.start_ns);
	double secs = host->now_ns > from_ns ? (double)(host->now_ns - from_ns) / 1e9 : 0;

	use->cpu_ns += use->cpu_pct * secs * 1e7;
	use->anon_mb += use->anon_mb_per_sec * secs;
	use->io_mb += use->io_mb_per_sec * secs;
	use->connects += use->connects_per_sec * secs;
	process->used_ns = host->now_ns;
}

static uint64_t bytes_of(double mb)
{
	return (uint64_t)(mb * (1 << 20));
}

static struct sample sample_of(const struct made_host *host, struct made_process *process)
{
	const struct made_use *use = &process->use;

	reckon(host, process);
	return (struct sample){.process = process->info,
		.args_known = process->exe[0] != '\0',
		.cpu_ns = (uint64_t)use->cpu_ns,
		.rss_anon_bytes = bytes_of(use->anon_mb),
		.rss_file_bytes = bytes_of(use->file_mb),
		.rss_shmem_bytes = bytes_of(use->shmem_mb),
		.swap_bytes = bytes_of(use->swap_mb),
		.read_bytes = bytes_of(use->io_mb) / 2,
		.write_bytes = bytes_of(use->io_mb) - bytes_of(use->io_mb) / 2,
		.connects = (uint32_t)(uint64_t)use->connects,
		.connections = use->connections,
		.fds = use->fds,
		.fd_limit = use->fd_limit > 0 ? use->fd_limit : 1024,
		.threads = use->threads > 0 ? use->threads : 1,
		.state = process->zombie ? 'Z' : (uint16_t)(use->state ? use->state : 'S')};
}

static void pass(struct made_host *host, bool full)
{
	struct sample_begin begin = {.time_ns = host->now_ns, .pass = ++host->pass, .full = full};
	struct sample_end end = {.time_ns = host->now_ns, .pass = host->pass};

	made_frame(host, FRAME_SAMPLE_BEGIN, &begin, NULL);
	for (uint32_t pid = 1; pid <= host->last_pid; pid++) {
		struct made_process *process = &host->processes[pid];
		const struct text texts[] = {text_of(process->exe), text_of(process->args)};
		struct sample sample;

		if (!process->alive && !process->zombie)
			continue;
		sample = sample_of(host, process);
		end.seen++;
		if (!full && memcmp(&sample, &process->sent, sizeof(sample)) == 0)
			continue;
		process->sent = sample;
		sample.pass = host->pass;
		sample.process.time_ns = host->now_ns;
		made_frame(host, FRAME_SAMPLE, &sample, texts);
		end.sent++;
	}
	made_frame(host, FRAME_SAMPLE_END, &end, NULL);
}

void made_pass(struct made_host *host)
{
	pass(host, true);
}

void made_partial_pass(struct made_host *host)
{
	pass(host, false);
}

struct made_use *made_use(struct made_host *host, uint32_t pid)
{
	reckon(host, &host->processes[pid]);
	return &host->processes[pid].use;
}

void made_run(struct made_host *host, unsigned secs)
{
	for (unsigned i = 0; i < secs; i++) {
		made_wait_ms(host, 1000);
		made_partial_pass(host);
	}
}

void made_busy(struct made_host *host, double cpu_pct)
{
	host->busy_ns += (uint64_t)(host->busy_pct / 100 * MADE_CPUS *
				    (double)(host->now_ns - host->busy_since_ns));
	host->busy_since_ns = host->now_ns;
	host->busy_pct = cpu_pct;
}

void made_pressure(struct made_host *host, double cpu, double memory, double io)
{
	struct host_sample payload = {.time_ns = host->now_ns,
		.cpu_total_ns = MADE_CPUS * host->now_ns,
		.pressure_known = 7,
		.pressure = {
			[PRESSURE_CPU].some_avg10_centi = (uint32_t)(cpu * 100),
			[PRESSURE_MEMORY].full_avg10_centi = (uint32_t)(memory * 100),
			[PRESSURE_IO].full_avg10_centi = (uint32_t)(io * 100),
		}};

	made_busy(host, host->busy_pct);
	payload.cpu_busy_ns = host->busy_ns;
	made_frame(host, FRAME_HOST_SAMPLE, &payload, NULL);
}

void made_oom(struct made_host *host, uint32_t pid)
{
	struct oom payload = {.process = host->processes[pid].info};

	payload.process.time_ns = host->now_ns;
	made_frame(host, FRAME_OOM, &payload, NULL);
}

void made_zombie(struct made_host *host, uint32_t pid)
{
	made_exit(host, pid, 0);
	host->processes[pid].zombie = true;
}

void made_reap(struct made_host *host, uint32_t pid)
{
	const struct made_process *process = &host->processes[pid];
	const struct exit_inferred payload = {.time_ns = host->now_ns,
		.start_ns = process->info.start_ns,
		.tgid = process->info.tgid};

	host->processes[pid].zombie = false;
	made_frame(host, FRAME_EXIT_INFERRED, &payload, NULL);
}

void made_exit_inferred(struct made_host *host, uint32_t pid)
{
	host->processes[pid].alive = false;
	made_reap(host, pid);
}

void made_connect(struct made_host *host)
{
	const struct host payload = {.cpus = MADE_CPUS, .page_bytes = 4096, .memory_bytes = 1 << 30};
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
	child->zombie = false;
	child->use = (struct made_use){0};
	child->used_ns = 0;
	memset(&child->sent, 0, sizeof(child->sent));
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

	reckon(host, process);
	payload.cpu_ns = (uint64_t)process->use.cpu_ns;
	payload.connects = (uint32_t)(uint64_t)process->use.connects;
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
