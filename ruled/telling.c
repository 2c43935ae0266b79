/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/telling.h"

/* A rule without cooldown still tells one culprit at most ten times a second. */
#define COOLDOWN_NS_MIN (100 * NSEC_PER_MSEC)

struct firing *telling_cooling(
	const struct rule_state *state, struct map_key culprit, uint64_t now_ns)
{
	uint64_t cooldown_ns = MAX(state->rule->cooldown_secs * NSEC_PER_SEC, COOLDOWN_NS_MIN);
	struct firing *firing = firing_set_find(&state->firings, culprit);

	return firing && now_ns < firing->told_ns + cooldown_ns ? firing : NULL;
}

bool telling_admits(const struct rule_def *rule, const struct cgroups *cgroups,
	const struct process_entry *culprit, const struct process *info)
{
	const struct cgroup_entry *cgroup = NULL;
	struct rule_subject subject = {0};

	if (culprit) {
		info = &culprit->info;
		subject.comm = text_of(info->comm);
		subject.exe = interned_text(culprit->exe);
	}
	if (info && (culprit || rule->scope == SCOPE_CGROUP))
		cgroup = cgroups_find(cgroups, info->cgroup);
	if (cgroup)
		subject.cgroup = interned_text(cgroup->path);
	if (cgroup && cgroup->container)
		subject.container = interned_text(cgroup->container);
	subject.user_known = culprit || rule->scope == SCOPE_USER;
	subject.user = info ? info->uid : 0;
	return rule_admits(rule, &subject);
}
