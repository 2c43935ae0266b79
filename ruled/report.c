/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/report.h"

#include <string.h>

uint64_t wall_time(uint64_t time_ns, int64_t offset_ns)
{
	int64_t wall = (int64_t)time_ns + offset_ns;

	return wall > 0 ? (uint64_t)wall : 0;
}

/* The candidate at the top of the culprit's tree; the culprit itself if nobody is above. */
static const struct process *root_of(
	struct process_entry *culprit, const struct report_source *source)
{
	const struct process *root = &culprit->info;
	struct lineage lineage;

	lineage_of(&lineage, culprit, source->suite);
	for (unsigned i = 0; i < lineage.count; i++)
		if (lineage.at[i]->known)
			root = &lineage.at[i]->info;
	return root;
}

static void name_culprit(
	struct report *report, const struct report_source *source, const struct finding *finding)
{
	struct process_entry *culprit = finding->culprit;
	const struct process *root = root_of(culprit, source);
	struct engine_alert *alert = &report->alert;

	alert->frame.culprit = culprit->info;
	alert->frame.root_tgid = root->tgid;
	alert->actionable =
		culprit->known && !culprit->exited && !finding->rule->detector->names_last;
	memcpy(report->root_comm, root->comm, sizeof(report->root_comm));
	alert->texts[ALERT_ROOT_COMM] = text_of(report->root_comm);
	alert->texts[ALERT_EXE] = interned_text(culprit->exe);
	alert->texts[ALERT_ARGS] = interned_text(culprit->args);
}

static void name_cgroup(struct engine_alert *alert, const struct cgroup_entry *cgroup)
{
	if (!cgroup)
		return;
	alert->texts[ALERT_CGROUP] = interned_text(cgroup->path);
	alert->texts[ALERT_UNIT] = interned_text(cgroup->unit);
	alert->texts[ALERT_CONTAINER] = interned_text(cgroup->container);
}

/* Nobody stands out, but the scope is known. */
static void name_scope(struct engine_alert *alert, const struct finding *finding)
{
	const struct process_entry *entry = finding->event->entry;

	if (finding->rule->scope == SCOPE_CGROUP)
		alert->frame.culprit.cgroup = entry->info.cgroup;
	if (finding->rule->scope == SCOPE_USER)
		alert->frame.culprit.uid = entry->info.uid;
}

void report_make(
	struct report *report, const struct report_source *source, const struct finding *finding)
{
	struct engine_alert *alert = &report->alert;
	const struct rule_def *rule = finding->rule;
	uint64_t time_ns = finding->event->time_ns;

	*report = (struct report){.alert = {.rule = rule}};
	alert->frame = (struct alert){
		.epoch = source->epoch,
		.time_ns = time_ns,
		.since_ns = finding->since_ns,
		.wall_ns = wall_time(time_ns, source->wall_offset_ns),
		.since_wall_ns = wall_time(finding->since_ns, source->wall_offset_ns),
		.value = finding->value,
		.threshold = rule->threshold,
		.severity = (uint16_t)rule->severity,
		.scope = (uint16_t)rule->scope,
	};
	for (unsigned i = 0; i < ALERT_TEXTS; i++)
		alert->texts[i] = text_of("");
	if (finding->culprit)
		name_culprit(report, source, finding);
	else
		name_scope(alert, finding);
	name_cgroup(alert, cgroups_find(source->cgroups, alert->frame.culprit.cgroup));
	detector_say(finding, report->message, sizeof(report->message));
	alert->texts[ALERT_RULE] = text_of(rule->name);
	alert->texts[ALERT_DETECTOR] = text_of(rule->detector->name);
	alert->texts[ALERT_MESSAGE] = text_of(report->message);
	alert->texts[ALERT_HOST] = text_of(source->host);
}
