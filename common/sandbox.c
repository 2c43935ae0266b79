/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Not in every kernel header; values are ABI. */
#define LL_FS_REFER (1ULL << 13)
#define LL_FS_TRUNCATE (1ULL << 14)
#define LL_FS_IOCTL_DEV (1ULL << 15)
#define LL_NET_BIND_TCP (1ULL << 0)
#define LL_NET_CONNECT_TCP (1ULL << 1)
#define LL_FS_ABI_1 ((1ULL << 13) - 1)
#define LL_FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LL_FS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LL_FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net;
};

static int set_limits(const struct policy *policy)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	for (size_t i = 0; i < policy->limit_count; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)policy->limits[i].resource, &limit) < 0)
			return -errno;
		limit.rlim_max = MIN(limit.rlim_max, policy->limits[i].value);
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit((__rlimit_resource_t)policy->limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

/* All that this kernel's Landlock can deny: what we do not handle stays allowed. */
static struct ruleset handled_rights(const struct policy *policy, int abi)
{
	struct ruleset rights = {.fs = policy->paths ? LL_FS_ABI_1 : 0};

	if (abi >= 2 && policy->paths)
		rights.fs |= LL_FS_REFER;
	if (abi >= 3 && policy->paths)
		rights.fs |= LL_FS_TRUNCATE;
	if (abi >= 5 && policy->paths)
		rights.fs |= LL_FS_IOCTL_DEV;
	if (abi >= 4 && policy->tcp_denied)
		rights.net = LL_NET_BIND_TCP | LL_NET_CONNECT_TCP;
	return rights;
}

static uint64_t path_rights(int access)
{
	uint64_t rights = 0;

	if (access & PATH_READ)
		rights |= access & PATH_DIR ? LL_FS_READ : LANDLOCK_ACCESS_FS_READ_FILE;
	if (access & PATH_WRITE)
		rights |= access & PATH_DIR
				? LL_FS_READ | LL_FS_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
					LANDLOCK_ACCESS_FS_REMOVE_FILE
				: LL_FS_FILE;
	return rights;
}

static int allow_path(int ruleset, const struct policy_path *allowed, uint64_t handled, const char *state)
{
	const char *path = allowed->path;
	_cleanup_close_ int fd = -1;
	struct landlock_path_beneath_attr rule;

	if (!path)
		return 0;
	if (strcmp(path, "$STATE") == 0)
		path = state;
	if (!path)
		return -EINVAL;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* what is not there needs no right */
	rule = (struct landlock_path_beneath_attr){path_rights(allowed->access) & handled, fd};
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

static int enter_landlock(const struct policy *policy, const char *state, int *abi)
{
	_cleanup_close_ int ruleset = -1;
	struct ruleset rights;
	size_t bytes;
	int r;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi <= 0) {
		*abi = 0;
		return 0;
	}
	rights = handled_rights(policy, *abi);
	if (rights.fs == 0 && rights.net == 0)
		return 0;
	bytes = *abi >= 4 ? sizeof(rights) : offsetof(struct ruleset, net);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, bytes, 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < policy->path_count && policy->paths[i].path; i++) {
		r = allow_path(ruleset, &policy->paths[i], rights.fs, state);
		if (r < 0)
			return r;
	}
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

static void seccomp_releasep(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int enter_seccomp(const struct policy *policy, enum sandbox_mode mode)
{
	_cleanup_(seccomp_releasep) scmp_filter_ctx filter =
		seccomp_init(mode == SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_LOG);
	int r;

	if (!filter)
		return -ENOMEM;
	/* Calls of another ABI: by default only the thread would end, and the daemon limp on. */
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r < 0)
		return r;
	for (size_t i = 0; i < policy->syscall_count; i++) {
		const struct policy_syscall *call = &policy->syscalls[i];
		int number = seccomp_syscall_resolve_name(call->name);

		if (number == __NR_SCMP_ERROR)
			return -EINVAL;
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, call->arg_count, call->args);
		if (r < 0)
			return r;
	}
	return seccomp_load(filter);
}

int sandbox_enter(const struct policy *policy, enum sandbox_mode mode, const char *state, int *landlock_abi)
{
	int abi = 0, r;

	r = set_limits(policy);
	if (r == 0)
		r = enter_landlock(policy, state, &abi);
	if (r == 0)
		r = enter_seccomp(policy, mode);
	if (r == 0 && landlock_abi)
		*landlock_abi = abi;
	return r;
}
