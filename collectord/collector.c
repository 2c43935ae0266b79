/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/collector.h"

#include <errno.h>
#include <signal.h>

#include "collectord/policy.h"
#include "collectord/rights.h"
#include "common/boot.h"
#include "common/privs.h"

void collectord_done(struct collectord *c)
{
	stream_free(c->stream);
	ruled_link_done(&c->link);
	loop_free(c->loop);
	selfstat_close(&c->self);
	cmdline_close(&c->cmdline);
	host_watch_close(&c->host);
	counters_close(&c->counters);
	probes_close(c->probes);
	cgroups_free(c->cgroups);
	hierarchy_close(&c->hierarchy);
	config_done(&c->config);
}

/* Everything that needs CAP_BPF and CAP_PERFMON. */
int collectord_load(struct collectord *c)
{
	struct probes_settings settings = {
		.ring_bytes = c->config.collector.ring_bytes,
		.capture_args = c->config.collector.capture_args,
		.network = c->config.collector.network,
		.pidns_inum = (uint32_t)boot_get()->pidns_ino,
	};
	int r = hierarchy_open(&c->hierarchy);

	if (r < 0)
		return log_err_r(r, "cgroup hierarchy");
	settings.cgroup_source = c->hierarchy.source;
	settings.cgroup_hierarchy = c->hierarchy.number;
	r = probes_open(&c->probes, &settings);
	if (r == -EPERM)
		return log_err_r(r, "kernel programs need CAP_BPF and CAP_PERFMON");
	return r < 0 ? log_err_r(r, "kernel programs") : 0;
}

void collectord_report(const struct collectord *c, FILE *file)
{
	for (enum program_id i = 0; c->probes && i < PROBE_COUNT; i++) {
		struct probe_status status = probe_status(c->probes, i);

		fprintf(file, "%s: %s%s\n", status.name,
			status.attached ? "attached" : "not attached: ", status.why);
	}
}

static void warn_of_missing(const struct collectord *c)
{
	for (enum program_id i = 0; i < PROBE_COUNT; i++) {
		struct probe_status status = probe_status(c->probes, i);

		if (!status.attached && status.wanted)
			log_warn("%s is not attached: %s", status.name, status.why);
	}
}

/* What is opened now is still there when the rights have gone. */
static int open_sources(struct collectord *c)
{
	int r;

	if ((r = account_find(c->config.users[ROLE_COLLECTORD], &c->account)) < 0)
		return log_err_r(r, "user %s", c->config.users[ROLE_COLLECTORD]);
	if ((r = account_find(c->config.users[ROLE_RULED], &c->ruled)) < 0)
		return log_err_r(r, "user %s", c->config.users[ROLE_RULED]);
	if ((r = counters_open(
		     &c->counters, probes_counters_fd(c->probes), probes_cpu_count(c->probes))) < 0)
		return log_err_r(r, "counters of the kernel programs");
	if ((r = cmdline_open(&c->cmdline)) < 0)
		return log_err_r(r, "/proc");
	if ((r = host_watch_open(&c->host)) < 0)
		return log_err_r(r, "figures of the host in /proc");
	if ((r = cgroups_new(&c->cgroups)) < 0)
		return log_err_r(r, "cgroup names");
	if ((r = hierarchy_walk(&c->hierarchy, c->cgroups)) < 0)
		log_warn(
			"cgroups that are there already stay without a name: no directory to walk");
	if (c->record_path && (r = recorder_open(&c->recorder, c->record_path)) < 0)
		return log_err_r(r, "%s", c->record_path);
	if ((r = daemon_notify_open()) < 0)
		return log_err_r(r, "readiness socket");
	return 0;
}

static void on_stop(void *ctx)
{
	loop_stop(ctx);
}

static int wire(struct collectord *c)
{
	struct stream_sources sources = {&c->config, c->probes, &c->counters, &c->hierarchy,
		&c->cmdline, &c->host, c->cgroups, &c->self};
	int r;

	if ((r = loop_new(&c->loop)) < 0 ||
		(r = loop_on_signal(c->loop, SIGTERM, on_stop, c->loop)) < 0 ||
		(r = loop_on_signal(c->loop, SIGINT, on_stop, c->loop)) < 0)
		return log_err_r(r, "event loop");
	if (!c->record_path && (r = ruled_link_new(&c->link, c->loop, c->ruled.uid)) < 0)
		return log_err_r(r, "events link");
	r = stream_new(
		&c->stream, c->loop, &sources, c->record_path ? &c->recorder.out : &c->link.out);
	c->link.stream = c->stream;
	return r < 0 ? log_err_r(r, "ring of the kernel programs") : 0;
}

int collectord_prepare(struct collectord *c)
{
	int r;

	warn_of_missing(c);
	r = open_sources(c);
	return r < 0 ? r : wire(c);
}

int collectord_confine(struct collectord *c)
{
	int r;

	c->policy = collectord_policy;
	if ((r = rights_probe(&c->policy, &c->account, c->probes)) < 0 ||
		(r = privs_drop(&c->policy, &c->account)) < 0)
		return log_err_r(r, "dropping rights to %s", c->account.name);
	if ((r = selfstat_open(&c->self, ROLE_COLLECTORD, boot_get()->start_ns)) < 0)
		return log_err_r(r, "/proc/self");
	if ((r = sandbox_enter(&c->policy, c->options.seccomp, NULL, NULL)) < 0)
		return log_err_r(r, "sandbox");
	return daemon_prove(&c->policy, &c->account);
}

static int serve(struct collectord *c)
{
	int r;

	if (c->record_path)
		stream_up(c->stream);
	else if ((r = ruled_link_open(&c->link)) < 0)
		return log_err_r(r, "events link");
	daemon_notify("READY=1");
	log_info("collecting%s%s", c->record_path ? " into " : "",
		c->record_path ? c->record_path : "");
	r = loop_run(c->loop);
	daemon_notify("STOPPING=1");
	return r;
}

/* No event is missing from a recording: the programs stop first, then what they left is taken. */
static int finish_recording(struct collectord *c)
{
	int r;

	probes_detach(c->probes);
	stream_finish(c->stream);
	r = recorder_close(&c->recorder);
	return r < 0 ? log_err_r(r, "%s", c->record_path) : 0;
}

int collectord_serve(struct collectord *c)
{
	int r = serve(c);

	return r == 0 && c->record_path ? finish_recording(c) : r;
}
