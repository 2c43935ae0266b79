/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/lineage.h"

#include <string.h>

#define STEPS_MAX 256 /* also over the dead in between */

/*
 * Those who start processes for others: what is below them is not theirs. A '*' at the end stands
 * for any rest. The kernel cuts a comm after 15 bytes. Anybody can take a name: these count only
 * with effective uid 0.
 */
static const char *const MANAGERS[] = {
	"systemd",
	"(systemd)",
	"(sd-pam)",
	"(sd-executor)",
	"systemd-*",
	"init",
	"openrc*",
	"runsvdir",
	"runsv",
	"s6-*",
	"supervisord",
	"sshd*",
	"dropbear",
	"login",
	"getty",
	"agetty",
	"gdm*",
	"sddm*",
	"lightdm*",
	"xdm*",
	"cron",
	"crond",
	"atd",
	"anacron",
	"inetd",
	"xinetd",
	"containerd*",
	"conmon*",
	"dockerd",
	"docker-proxy",
	"docker-init",
	"crio",
	"runc*",
	"crun",
	"kubelet",
	"tini",
	"dumb-init",
	"catatonit",
	"dbus-daemon",
	"dbus-broker*",
	"linnix-*",
};

/* People's own, so of any user: whoever takes such a name is not named for what he starts, but each
 * of those he started is. */
static const char *const MULTIPLEXERS[] = {"tmux: server", "screen", "SCREEN"};

/* The half of it that runs as the user is a direct child of root's. */
static const char *const SSHD[] = {"sshd*"};

static bool is_listed(const char *comm, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(list[i]);

		if (list[i][len - 1] == '*' ? strncmp(comm, list[i], len - 1) == 0
					    : strcmp(comm, list[i]) == 0)
			return true;
	}
	return false;
}

static bool is_sshd(const struct process *info)
{
	return is_listed(info->comm, SSHD, ARRAY_LEN(SSHD));
}

static bool is_manager(const struct process_entry *entry)
{
	const struct process *info = &entry->info;
	const struct process_entry *parent = entry->parent;

	if (is_listed(info->comm, MULTIPLEXERS, ARRAY_LEN(MULTIPLEXERS)))
		return true;
	if (info->uid == 0)
		return is_listed(info->comm, MANAGERS, ARRAY_LEN(MANAGERS));
	return is_sshd(info) && parent && parent->known && parent->info.uid == 0 &&
	       is_sshd(&parent->info);
}

static bool is_suite_user(uid_t uid, const struct suite_users *suite)
{
	for (unsigned i = 0; i < suite->count; i++)
		if (suite->uids[i] == uid)
			return true;
	return false;
}

bool lineage_judge(struct process_entry *entry, const struct suite_users *suite)
{
	const struct process *info = &entry->info;

	if (info->tgid <= 1 || info->kernel_thread)
		return true;
	if (!entry->known)
		return false;
	entry->tag = is_manager(entry) || is_suite_user(info->uid, suite) ? LINEAGE_EXCLUDED
									  : LINEAGE_ORDINARY;
	return entry->tag == LINEAGE_EXCLUDED;
}

void lineage_of(
	struct lineage *lineage, struct process_entry *actor, const struct suite_users *suite)
{
	unsigned steps = 0;

	lineage->count = 0;
	for (; actor && steps < STEPS_MAX && lineage->count < LINEAGE_MAX;
		actor = actor->parent, steps++) {
		if (lineage_excludes(actor, suite))
			return;
		if (!actor->exited)
			lineage->at[lineage->count++] = actor;
	}
}

bool lineage_has(struct process_entry *entry, const struct process_entry *ancestor,
	const struct suite_users *suite)
{
	for (unsigned steps = 0; entry->parent && steps < STEPS_MAX; steps++) {
		if (lineage_excludes(entry, suite))
			return false;
		entry = entry->parent;
		if (entry == ancestor)
			return true;
	}
	return false;
}

bool lineage_candidate(struct process_entry *entry, const struct suite_users *suite)
{
	return entry->known && !entry->exited && !lineage_excludes(entry, suite);
}
