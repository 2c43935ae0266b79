/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/greeting.h"

static int send_frame(
	struct greeting *greeting, unsigned type, const void *payload, const struct text *texts)
{
	return greeting->out->send(greeting->out->ctx, type, payload, texts);
}

static void look_at_host(struct greeting *greeting)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	greeting->host = (struct host){
		.cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.page_bytes = (uint32_t)page_bytes,
		.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * page_bytes,
	};
	(void)uname(&greeting->names);
}

static int send_host(struct greeting *greeting)
{
	struct text texts[2] = {
		text_of(greeting->names.nodename), text_of(greeting->names.release)};

	return send_frame(greeting, FRAME_HOST, &greeting->host, texts);
}

static int send_probes(struct greeting *greeting)
{
	for (enum program_id i = 0; i < PROBE_COUNT; i++) {
		struct probe_status status = probe_status(greeting->probes, i);
		struct probe probe = {.attached = status.attached};
		struct text texts[2] = {text_of(status.name), text_of(status.why)};
		int r = send_frame(greeting, FRAME_PROBE, &probe, texts);

		if (r < 0)
			return r;
	}
	return 0;
}

static int send_cgroup(const struct cgroup_name *name, void *ctx)
{
	struct cgroup cgroup = {.key = name->key, .removed = name->gone};
	struct text path = {name->path, name->len};

	return send_frame(ctx, FRAME_CGROUP, &cgroup, &path);
}

static int send_cgroups(struct greeting *greeting)
{
	return cgroups_each(greeting->cgroups, &greeting->bucket, send_cgroup, greeting);
}

static int (*const parts[])(struct greeting *) = {send_host, send_probes, send_cgroups};
#define PROBES_PART  1
#define CGROUPS_PART 2

void greeting_init(struct greeting *greeting, const struct probes *probes, struct cgroups *cgroups,
	const struct out *out)
{
	*greeting = (struct greeting){
		.probes = probes, .cgroups = cgroups, .out = out, .told = ARRAY_LEN(parts)};
	look_at_host(greeting);
}

void greeting_restart(struct greeting *greeting)
{
	greeting->told = greeting->bucket = 0;
}

void greeting_reprobe(struct greeting *greeting)
{
	greeting->told = MIN(greeting->told, PROBES_PART);
	greeting->bucket = 0;
}

void greeting_rename(struct greeting *greeting)
{
	greeting->told = MIN(greeting->told, CGROUPS_PART);
	greeting->bucket = 0;
}

int greeting_go(struct greeting *greeting)
{
	for (; greeting->told < ARRAY_LEN(parts); greeting->told++) {
		int r = parts[greeting->told](greeting);

		if (r < 0)
			return r;
	}
	return 0;
}
