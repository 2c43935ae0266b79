/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/privs.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static void cap_freep(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

/* Makes permitted and effective exactly @mask, inheritable empty. */
static int set_caps(uint64_t mask)
{
	_cleanup_(cap_freep) cap_t caps = cap_init();

	if (!caps)
		return -ENOMEM;
	for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (!(mask & CAP_BIT(cap)))
			continue;
		if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
			return -errno;
	}
	return cap_set_proc(caps) < 0 ? -errno : 0;
}

/*
 * As far as the rights allow: dropping from the bounding set needs CAP_SETPCAP, which a unit does not give us. All that the
 * running kernel knows, not only what our headers do.
 */
static void cut_bounding_set(uint64_t kept)
{
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(kept & CAP_BIT(cap)))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int become(const struct account *account)
{
	if (geteuid() != 0)
		return geteuid() == account->uid && getuid() == account->uid ? 0 : -EPERM;
	if (account->uid == 0)
		return -EPERM;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(account->group_count, account->groups) < 0 ||
		setresgid(account->gid, account->gid, account->gid) < 0 ||
		setresuid(account->uid, account->uid, account->uid) < 0)
		return -errno;
	return 0;
}

int privs_drop(const struct policy *policy, const struct account *account)
{
	int r;

	if (policy->nice < 0)
		(void)setpriority(PRIO_PROCESS, 0, policy->nice);
	cut_bounding_set(policy->caps_kept);
	r = become(account);
	if (r < 0)
		return r;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	r = set_caps(policy->caps_kept);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

struct status {
	uint64_t uids[4], gids[4];
	uint64_t inherited, permitted, effective, ambient;
	uint64_t no_new_privs, seccomp;
	unsigned group_count;
	gid_t groups[ACCOUNT_GROUPS_MAX + 1];
};

static void read_groups(const char *list, struct status *status)
{
	unsigned gid;
	int used;

	status->group_count = 0;
	while (status->group_count <= ACCOUNT_GROUPS_MAX && sscanf(list, "%u%n", &gid, &used) == 1) {
		status->groups[status->group_count++] = gid;
		list += used;
	}
}

static void read_four(const char *list, uint64_t *values)
{
	char *end = (char *)list;

	for (unsigned i = 0; i < 4; i++)
		values[i] = strtoull(end, &end, 10);
}

static void read_line(const char *line, struct status *s)
{
	const struct {
		const char *name;
		int base;
		uint64_t *value;
	} fields[] = {
		{"CapInh:", 16, &s->inherited},
		{"CapPrm:", 16, &s->permitted},
		{"CapEff:", 16, &s->effective},
		{"CapAmb:", 16, &s->ambient},
		{"NoNewPrivs:", 10, &s->no_new_privs},
		{"Seccomp:", 10, &s->seccomp},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strncmp(line, fields[i].name, strlen(fields[i].name)) == 0)
			*fields[i].value = strtoull(line + strlen(fields[i].name), NULL, fields[i].base);
	if (strncmp(line, "Uid:", 4) == 0)
		read_four(line + 4, s->uids);
	else if (strncmp(line, "Gid:", 4) == 0)
		read_four(line + 4, s->gids);
	else if (strncmp(line, "Groups:", 7) == 0)
		read_groups(line + 7, s);
}

static int read_status(struct status *status)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[1024];

	/* What is not found stays a value that no policy has. */
	memset(status, 0xff, sizeof(*status));
	status->group_count = 0;
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		read_line(line, status);
	fclose(file);
	return 0;
}

static bool all_equal(const uint64_t *values, uint64_t wanted)
{
	return values[0] == wanted && values[1] == wanted && values[2] == wanted && values[3] == wanted;
}

/* The kernel lists the groups sorted; a daemon started by a service manager may also have its own gid among them. */
static bool same_groups(const struct status *status, const struct account *account)
{
	unsigned matched = 0;

	for (unsigned i = 0; i < status->group_count; i++) {
		if (status->groups[i] == account->gid)
			continue;
		if (matched == account->group_count || status->groups[i] != account->groups[matched])
			return false;
		matched++;
	}
	return matched == account->group_count;
}

static int differs(char *why, size_t size, const char *what, uint64_t is, uint64_t wanted)
{
	snprintf(why, size, "%s is 0x%" PRIx64 ", should be 0x%" PRIx64, what, is, wanted);
	return -EPERM;
}

int privs_prove(const struct policy *policy, const struct account *account, bool filtered, char *why, size_t size)
{
	struct status s;
	int r = read_status(&s);

	if (r < 0) {
		snprintf(why, size, "/proc/self/status cannot be read");
		return -EPERM;
	}
	if (!all_equal(s.uids, account->uid))
		return differs(why, size, "uid", s.uids[1], account->uid);
	if (!all_equal(s.gids, account->gid))
		return differs(why, size, "gid", s.gids[1], account->gid);
	if (!same_groups(&s, account))
		return differs(why, size, "number of groups", s.group_count, account->group_count);
	if (s.permitted != policy->caps_kept)
		return differs(why, size, "CapPrm", s.permitted, policy->caps_kept);
	if (s.effective != policy->caps_kept)
		return differs(why, size, "CapEff", s.effective, policy->caps_kept);
	if (s.inherited != 0 || s.ambient != 0)
		return differs(why, size, "CapInh or CapAmb", s.inherited | s.ambient, 0);
	if (s.no_new_privs != 1)
		return differs(why, size, "NoNewPrivs", s.no_new_privs, 1);
	if (filtered && s.seccomp != 2)
		return differs(why, size, "Seccomp", s.seccomp, 2);
	return 0;
}
