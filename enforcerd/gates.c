/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/gates.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/glob.h"
#include "common/text.h"

/*
 * Root's processes of these names are what keeps the host reachable and its services alive. A name
 * alone protects nothing: anybody can take one, also for a set-uid program, but not with real and
 * effective uid 0. Cut to 15 bytes as the kernel does.
 */
static const char *const protected_comms[] = {"systemd", "init", "systemd-journal",
	"systemd-logind", "systemd-udevd", "systemd-network", "systemd-resolve", "dbus-daemon",
	"dbus-broker", "dbus-broker-lau", "sshd", "sshd-session", "dropbear", "login", "agetty",
	"getty", "cron", "crond", "auditd", "rsyslogd", "polkitd", "NetworkManager",
	"wpa_supplicant", "dhclient", "dhcpcd", "containerd", "containerd-shim", "dockerd",
	"docker-proxy", "crio", "conmon", "runc", "crun", "podman", "kubelet", "kube-proxy",
	"libvirtd", "gdm3", "gdm", "lightdm", "sddm", "tini", "s6-svscan", "runsvdir"};

/* Only cgroups that an unprivileged user cannot enter: nobody gets protected by moving there. */
static const char *const protected_cgroups[] = {
	"/init.scope",
	"/system.slice/systemd-*.service",
	"/system.slice/dbus.service",
	"/system.slice/dbus-broker.service",
	"/system.slice/ssh.service",
	"/system.slice/sshd.service",
	"/system.slice/containerd.service",
	"/system.slice/docker.service",
	"/system.slice/crio.service",
	"/system.slice/kubelet.service",
	"/system.slice/linnix-*.service",
};

/* Programs, run by root, whose session leaders are people's logins. */
static const char *const login_comms[] = {"sshd", "sshd-session", "dropbear", "login",
	"gdm-session-wor", "gdm-x-session", "gdm-wayland-ses", "lightdm", "sddm-helper",
	"xrdp-sesman"};

static const struct {
	const char *name;
	bool lasting;
} gates[GATE_COUNT] = {
#define GATE(symbol, name, lasting) [GATE_##symbol] = {name, lasting},
	GATES(GATE)
#undef GATE
};

const char *gate_name(enum gate gate)
{
	return gates[gate].name;
}

bool gates_is_suite(const struct gate_policy *policy, uid_t uid)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (policy->suite[i] == uid)
			return true;
	return false;
}

static struct gate_verdict pass(const char *reason)
{
	struct gate_verdict verdict = {.pass = true};

	snprintf(verdict.reason, sizeof(verdict.reason), "%s", reason);
	return verdict;
}

static struct gate_verdict fail(const char *fmt, ...) printf_like(1, 2);
static struct gate_verdict fail(const char *fmt, ...)
{
	struct gate_verdict verdict = {.pass = false};
	char text[GATE_REASON_BYTES * 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_escape(text, strlen(text), verdict.reason, sizeof(verdict.reason));
	return verdict;
}

static bool listed(const char *comm, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(comm, list[i], COMM_BYTES - 1) == 0)
			return true;
	return false;
}

static bool on_line(const struct gate_line *line, uint32_t pid)
{
	for (unsigned i = 0; i < line->count; i++)
		if (line->pids[i] == pid)
			return true;
	return false;
}

static struct gate_verdict judge_pid(
	const struct gate_context *context, const struct gate_process *process)
{
	(void)context;
	if (process->pid <= 1 || process->pid > PROC_PID_MAX)
		return fail("pid %u is never signalled", process->pid);
	return pass("an ordinary pid");
}

static struct gate_verdict judge_kernel(
	const struct gate_context *context, const struct gate_process *process)
{
	(void)context;
	return process->kernel_thread ? fail("a kernel thread") : pass("a user process");
}

static struct gate_verdict judge_suite(
	const struct gate_context *context, const struct gate_process *process)
{
	if (gates_is_suite(context->policy, process->uid))
		return fail("runs as a user of this suite");
	for (size_t i = 0; i < GATE_SUITE_LINES; i++) {
		if (!context->suite[i].known)
			return fail("the suite's own ancestors are not known");
		if (on_line(&context->suite[i], process->pid))
			return fail("an ancestor of this suite");
	}
	return pass("not part of this suite");
}

static bool in_cgroup(const char *cgroups, const char *pattern)
{
	struct text controllers, path;

	while (proc_cgroup_next(&cgroups, &controllers, &path))
		if (glob_match(pattern, path))
			return true;
	return false;
}

/* The pattern that protects the process by its cgroup, or NULL. */
static const char *protecting_cgroup(const struct gate_policy *policy, const char *cgroups)
{
	for (size_t i = 0; i < ARRAY_LEN(protected_cgroups); i++)
		if (in_cgroup(cgroups, protected_cgroups[i]))
			return protected_cgroups[i];
	for (unsigned i = 0; i < policy->cgroups->count; i++)
		if (in_cgroup(cgroups, policy->cgroups->items[i]))
			return policy->cgroups->items[i];
	return NULL;
}

static struct gate_verdict judge_protected(
	const struct gate_context *context, const struct gate_process *process)
{
	const struct gate_policy *policy = context->policy;
	const char *cgroup = protecting_cgroup(policy, process->cgroups);

	if (process->uid == 0 && process->real_uid == 0 &&
		listed(process->comm, protected_comms, ARRAY_LEN(protected_comms)))
		return fail("root's %s is protected", process->comm);
	if (cgroup)
		return fail("cgroup %s is protected", cgroup);
	for (unsigned i = 0; i < policy->user_count; i++)
		if (process->uid == policy->users[i])
			return fail("user %u is protected", process->uid);
	return pass("nothing protects it");
}

/*
 * A login shell's parent is sshd itself, or sshd's half that runs as the user below sshd's half
 * that runs as root: the name counts only with root at the top of the two.
 */
static struct gate_verdict judge_login(
	const struct gate_context *context, const struct gate_process *process)
{
	(void)context;
	if (!process->session_leader)
		return pass("not a session leader");
	for (size_t i = 0; i < ARRAY_LEN(process->parents); i++) {
		if (!process->parents[i].known)
			return fail("a session leader whose parents are not known");
		if (!listed(process->parents[i].comm, login_comms, ARRAY_LEN(login_comms)))
			return pass("not a login");
		if (process->parents[i].uid == 0)
			return fail("a login under %s", process->parents[i].comm);
	}
	return pass("not a login");
}

static struct gate_verdict judge_approver(
	const struct gate_context *context, const struct gate_process *process)
{
	if (!context->approver_given)
		return pass("no approver's process is known");
	if (!context->approver.known)
		return fail("the approver's ancestors are not known");
	return on_line(&context->approver, process->pid) ? fail("an ancestor of the approver")
							 : pass("not above the approver");
}

typedef struct gate_verdict (*judge)(
	const struct gate_context *context, const struct gate_process *process);

static const judge process_judges[GATE_PROCESS_COUNT] = {
	[GATE_PID] = judge_pid,
	[GATE_KERNEL] = judge_kernel,
	[GATE_SUITE] = judge_suite,
	[GATE_PROTECTED] = judge_protected,
	[GATE_LOGIN] = judge_login,
	[GATE_APPROVER] = judge_approver,
};

void gates_judge_target(const struct gate_context *context, const struct gate_process *process,
	struct gate_verdicts *verdicts)
{
	for (size_t i = 0; i < GATE_PROCESS_COUNT; i++)
		verdicts->gate[i] = process->known ? process_judges[i](context, process)
						   : fail("the process could not be read");
}

bool gates_judge_member(const struct gate_context *context, const struct gate_process *process,
	struct gate_verdicts *verdicts)
{
	bool passes = true;

	for (size_t i = 0; i < GATE_PROCESS_COUNT; i++) {
		struct gate_verdict verdict = process->known ? process_judges[i](context, process)
							     : fail("could not be read");

		if (verdict.pass)
			continue;
		passes = false;
		if (verdicts->gate[i].pass) {
			/* The reason is escaped already: its backslashes must not be escaped again.
			 */
			char name[4 * COMM_BYTES];

			text_escape(process->comm, strnlen(process->comm, COMM_BYTES), name,
				sizeof(name));
			verdicts->gate[i].pass = false;
			snprintf(verdicts->gate[i].reason, GATE_REASON_BYTES,
				"member %u (%.32s): %.60s", process->pid, name, verdict.reason);
		}
	}
	return passes;
}

void gates_judge_action(const struct gate_facts *facts, struct gate_verdicts *verdicts)
{
	verdicts->gate[GATE_IDENTITY] =
		!facts->alive	      ? fail("the process has gone")
		: !facts->same_uid    ? fail("its user has changed since the proposal")
		: !facts->same_cgroup ? fail("its cgroup has changed since the proposal")
				      : pass("the process that was proposed");
	verdicts->gate[GATE_CONDITION] =
		facts->wanted ? pass("the proposal stands") : fail("the proposal was withdrawn");
	verdicts->gate[GATE_BUDGET] = facts->budget_left > 0 ? pass("actions are left this hour")
							     : fail("no action is left this hour");
	verdicts->gate[GATE_HOLD] =
		facts->held_by ? fail("held by %s", facts->held_by) : pass("nothing is held");
}

enum gate gates_first_failed(const struct gate_verdicts *verdicts, bool lasting)
{
	for (enum gate i = 0; i < GATE_COUNT; i++)
		if (!verdicts->gate[i].pass && (!lasting || gates[i].lasting))
			return i;
	return GATE_COUNT;
}
