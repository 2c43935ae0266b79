/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/probes.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "collector.skel.h"
#include "common/log.h"

static const struct {
	const char *name;     /* shown */
	const char *function; /* in bpf/ */
	const char *needs;    /* BTF type that is there if the kernel has the hook */
	__u32 kind;	      /* of that type */
	bool required;
} table[PROGRAM_COUNT] = {
	[PROGRAM_FORK] = {"fork", "on_fork", "btf_trace_sched_process_fork", BTF_KIND_TYPEDEF,
		true},
	[PROGRAM_EXEC] = {"exec", "on_exec", "btf_trace_sched_process_exec", BTF_KIND_TYPEDEF,
		true},
	[PROGRAM_EXIT] = {"exit", "on_exit", "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF,
		true},
	[PROGRAM_CGROUP_MKDIR] = {"cgroup_mkdir", "on_cgroup_mkdir", "btf_trace_cgroup_mkdir",
		BTF_KIND_TYPEDEF, false},
	[PROGRAM_CGROUP_RMDIR] = {"cgroup_rmdir", "on_cgroup_rmdir", "btf_trace_cgroup_rmdir",
		BTF_KIND_TYPEDEF, false},
	[PROGRAM_OOM] = {"oom", "on_oom", "btf_trace_mark_victim", BTF_KIND_TYPEDEF, false},
	[PROGRAM_TASK] = {"task_iterator", "on_task", "bpf_iter__task", BTF_KIND_STRUCT, false},
	[PROGRAM_CONNECT] = {"connects", "on_connect", "btf_trace_inet_sock_set_state",
		BTF_KIND_TYPEDEF, false},
	[PROGRAM_CONNECTIONS] = {"connections", "on_file", "bpf_iter__task_file", BTF_KIND_STRUCT,
		false},
};

struct probes {
	struct collector *skeleton;
	struct bpf_link *links[PROGRAM_COUNT];
	char why[PROBE_COUNT][96];
	bool unwanted[PROBE_COUNT];
	unsigned cpu_count;
	bool exit_is_exact;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
	printf_like(2, 0);
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

static struct bpf_program *program_of(const struct probes *probes, enum program_id program)
{
	return bpf_object__find_program_by_name(probes->skeleton->obj, table[program].function);
}

/* What a tracepoint's programs are called with: void *, then its arguments. NULL: no such hook. */
static const struct btf_type *tracepoint(const struct btf *btf, enum program_id program)
{
	const struct btf_type *type;
	__s32 id = btf__find_by_name_kind(btf, table[program].needs, BTF_KIND_TYPEDEF);

	type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	type = type ? btf__type_by_id(btf, type->type) : NULL; /* pointer to function */
	type = type && btf_is_ptr(type) ? btf__type_by_id(btf, type->type) : NULL;
	return type && btf_is_func_proto(type) ? type : NULL;
}

/* Behind the task kernels since 6.16 have group_dead. */
static bool exit_says_group_dead(const struct btf *btf)
{
	const struct btf_type *type = tracepoint(btf, PROGRAM_EXIT);

	return type && btf_vlen(type) >= 3;
}

/* The victim itself, or its number, as it once was. */
static bool oom_gives_task(const struct btf *btf)
{
	const struct btf_type *type = tracepoint(btf, PROGRAM_OOM), *victim;

	if (!type || btf_vlen(type) < 2)
		return false;
	victim = btf__type_by_id(btf, btf_params(type)[1].type);
	return victim && btf_is_ptr(victim);
}

static void set_why(struct probes *probes, enum program_id probe, const char *why)
{
	snprintf(probes->why[probe], sizeof(probes->why[probe]), "%s", why);
}

static void leave_out(struct probes *probes, enum program_id program, const char *why)
{
	bpf_program__set_autoload(program_of(probes, program), false);
	set_why(probes, program, why);
}

static void leave_out_unwanted(struct probes *probes, const struct probes_settings *settings)
{
	static const char network[] = "switched off by collector.network";

	probes->unwanted[PROBE_ARGS] = !settings->capture_args;
	probes->unwanted[PROGRAM_CONNECT] = probes->unwanted[PROGRAM_CONNECTIONS] =
		!settings->network;
	if (!settings->capture_args)
		set_why(probes, PROBE_ARGS, "switched off by collector.capture_args");
	if (settings->network)
		return;
	leave_out(probes, PROGRAM_CONNECT, network);
	leave_out(probes, PROGRAM_CONNECTIONS, network);
}

static int look_at_kernel(struct probes *probes)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return -errno;
	probes->exit_is_exact = exit_says_group_dead(btf);
	for (enum program_id i = 0; i < PROGRAM_COUNT; i++)
		if (btf__find_by_name_kind(btf, table[i].needs, table[i].kind) < 0)
			leave_out(probes, i, "this kernel has no such hook");
	if (!probes->why[PROGRAM_OOM][0] && !oom_gives_task(btf))
		leave_out(probes, PROGRAM_OOM, "this kernel's hook does not give the victim");
	btf__free(btf);
	return 0;
}

/* How much to ask of the kernel, as far as it has the hooks. */
struct extent {
	bool optional, file_names, network;
};

/* From the most to the least. */
static const struct extent extents[] = {
	{true, true, true},
	{true, false, true},
	{true, true, false},
	{true, false, false},
	{false, false, false},
};

static void leave_out_refused(struct probes *probes, const struct extent *extent)
{
	for (enum program_id i = 0; i < PROGRAM_COUNT; i++) {
		bool network = i == PROGRAM_CONNECT || i == PROGRAM_CONNECTIONS;

		if (!table[i].required && !probes->unwanted[i] &&
			(network ? !extent->network : !extent->optional))
			leave_out(probes, i, "the kernel refused the program");
	}
}

static int set_sizes(struct probes *probes, const struct probes_settings *settings)
{
	struct collector *skeleton = probes->skeleton;
	int r = bpf_map__set_max_entries(skeleton->maps.ring, settings->ring_bytes);

	if (r == 0)
		r = bpf_map__set_max_entries(skeleton->maps.counters, probes->cpu_count);
	if (r == 0 && !settings->network)
		r = bpf_map__set_max_entries(skeleton->maps.connects, 1);
	return r;
}

static int open_and_load(
	struct probes *probes, const struct probes_settings *settings, const struct extent *extent)
{
	struct collector *skeleton = collector__open();
	int r;

	if (!skeleton)
		return -errno;
	collector__destroy(probes->skeleton);
	probes->skeleton = skeleton;
	r = look_at_kernel(probes);
	if (r < 0)
		return r;
	skeleton->rodata->pidns_inum = settings->pidns_inum;
	skeleton->rodata->cgroup_source = settings->cgroup_source;
	skeleton->rodata->cgroup_hierarchy = settings->cgroup_hierarchy;
	skeleton->rodata->capture_args = settings->capture_args;
	skeleton->rodata->network = settings->network && extent->network;
	skeleton->rodata->exit_has_group_dead = probes->exit_is_exact;
	skeleton->rodata->sample_exe = extent->file_names;
	leave_out_unwanted(probes, settings);
	leave_out_refused(probes, extent);
	r = set_sizes(probes, settings);
	return r < 0 ? r : collector__load(skeleton);
}

static int attach(struct probes *probes, enum program_id program)
{
	struct bpf_link *link;
	int r;

	if (probes->why[program][0])
		return table[program].required ? -EOPNOTSUPP : 0;
	link = bpf_program__attach(program_of(probes, program));
	if (link) {
		probes->links[program] = link;
		return 0;
	}
	r = -errno;
	set_why(probes, program, strerror(-r));
	return table[program].required ? r : 0;
}

/* The first run of the iterator tells the programs how deep our pid namespace is. */
static int learn_level(struct probes *probes)
{
	_cleanup_close_ int fd = probes_iterate(probes, true);
	char buffer[8192];
	ssize_t n = 1;

	if (fd < 0)
		return fd == -EOPNOTSUPP ? 0 : fd;
	while (n > 0)
		n = read(fd, buffer, sizeof(buffer));
	return n < 0 ? -errno : 0;
}

static int load_and_attach(struct probes *probes, const struct probes_settings *settings)
{
	int r = open_and_load(probes, settings, &extents[0]);

	for (size_t i = 1; r < 0 && r != -EPERM && i < ARRAY_LEN(extents); i++)
		r = open_and_load(probes, settings, &extents[i]);
	if (r < 0)
		return r;
	r = attach(probes, PROGRAM_TASK);
	if (r == 0)
		r = learn_level(probes);
	for (enum program_id i = 0; r == 0 && i < PROGRAM_COUNT; i++)
		if (i != PROGRAM_TASK)
			r = attach(probes, i);
	return r;
}

int probes_open(struct probes **probes, const struct probes_settings *settings)
{
	struct probes *p = calloc(1, sizeof(*p));
	int cpus = libbpf_num_possible_cpus(), r;

	if (!p)
		return -ENOMEM;
	*probes = p;
	libbpf_set_print(print_libbpf);
	if (cpus <= 0)
		return -EIO;
	p->cpu_count = (unsigned)cpus;
	r = load_and_attach(p, settings);
	(void)malloc_trim(0); /* the kernel's types, 10 MiB, were only needed for loading */
	for (enum program_id i = 0; r < 0 && i < PROGRAM_COUNT; i++)
		if (!p->links[i] && !p->why[i][0])
			set_why(p, i, strerror(-r));
	return r;
}

void probes_detach(struct probes *probes)
{
	for (enum program_id i = 0; i < PROGRAM_COUNT; i++) {
		bpf_link__destroy(probes->links[i]);
		probes->links[i] = NULL;
	}
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	probes_detach(probes);
	collector__destroy(probes->skeleton);
	free(probes);
}

void probes_closep(struct probes **probes)
{
	probes_close(*probes);
}

struct probe_status probe_status(const struct probes *probes, enum program_id probe)
{
	enum program_id program = probe == PROBE_ARGS ? PROGRAM_EXEC : probe;
	const char *why = probes->why[probe][0] ? probes->why[probe] : probes->why[program];

	return (struct probe_status){
		.name = probe == PROBE_ARGS ? "arguments" : table[probe].name,
		.attached = probes->links[program] && !why[0],
		.wanted = !probes->unwanted[probe],
		.why = why,
	};
}

void probes_switch(struct probes *probes, enum program_id probe, const char *why)
{
	uint32_t *off = probe == PROBE_ARGS	   ? &probes->skeleton->bss->args_off
			: probe == PROGRAM_CONNECT ? &probes->skeleton->bss->connects_off
						   : NULL;

	if (probes->unwanted[probe] == (why[0] != '\0') ||
		(why[0] && !probe_status(probes, probe).attached))
		return;
	probes->unwanted[probe] = why[0] != '\0';
	set_why(probes, probe, why);
	if (off)
		__atomic_store_n(off, why[0] != '\0', __ATOMIC_SEQ_CST);
}

int probes_ring_fd(const struct probes *probes)
{
	return bpf_map__fd(probes->skeleton->maps.ring);
}

int probes_counters_fd(const struct probes *probes)
{
	return bpf_map__fd(probes->skeleton->maps.counters);
}

unsigned probes_cpu_count(const struct probes *probes)
{
	return probes->cpu_count;
}

uint32_t *probes_asleep(const struct probes *probes)
{
	return &probes->skeleton->bss->consumer_asleep;
}

bool probes_exit_is_exact(const struct probes *probes)
{
	return probes->exit_is_exact;
}

int probes_iterate(const struct probes *probes, bool texts)
{
	int fd;

	if (!probes->links[PROGRAM_TASK])
		return -EOPNOTSUPP;
	__atomic_store_n(&probes->skeleton->bss->sample_texts, texts, __ATOMIC_SEQ_CST);
	fd = bpf_iter_create(bpf_link__fd(probes->links[PROGRAM_TASK]));
	return fd < 0 ? -errno : fd;
}

int probes_walk_connections(const struct probes *probes)
{
	struct connections_walk *walk = &probes->skeleton->bss->connections_walk;
	int fd;

	if (!probe_status(probes, PROGRAM_CONNECTIONS).attached)
		return -EOPNOTSUPP;
	*walk = (struct connections_walk){.number = walk->number + 1};
	fd = bpf_iter_create(bpf_link__fd(probes->links[PROGRAM_CONNECTIONS]));
	return fd < 0 ? -errno : fd;
}

uint64_t probes_connects_lost(const struct probes *probes)
{
	return __atomic_load_n(&probes->skeleton->bss->connects_lost, __ATOMIC_RELAXED);
}
