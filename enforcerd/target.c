/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/target.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define REASON(r, text) (*why = (text), (r))

bool pidfd_alive(int pidfd)
{
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	return poll(&wait, 1, 0) == 0;
}

void target_close(struct target *target)
{
	close_fd(&target->pidfd);
}

static void measure_parents(uint32_t ppid, struct gate_process *process)
{
	for (size_t i = 0; i < ARRAY_LEN(process->parents); i++) {
		struct proc_stat stat;
		uid_t real;

		/* Nobody: none, or one outside our pid namespace. */
		if (ppid == 0) {
			process->parents[i].known = true;
			process->parents[i].uid = (uid_t)-1;
			continue;
		}
		if (proc_stat(ppid, &stat) < 0 ||
			proc_uids(ppid, &real, &process->parents[i].uid) < 0)
			return;
		/* Anybody can start a set-uid program under any name. */
		if (real != 0)
			process->parents[i].uid = real;
		memcpy(process->parents[i].comm, stat.comm, COMM_BYTES);
		process->parents[i].known = true;
		ppid = stat.ppid;
	}
}

void measure_process(uint32_t pid, struct gate_process *process)
{
	struct proc_stat stat;

	*process = (struct gate_process){.pid = pid};
	if (proc_stat(pid, &stat) < 0)
		return;
	memcpy(process->comm, stat.comm, COMM_BYTES);
	process->kernel_thread = stat.kernel_thread;
	process->session_leader = stat.session == pid;
	if (process->session_leader)
		measure_parents(stat.ppid, process);
	process->known = proc_uids(pid, &process->real_uid, &process->uid) == 0 &&
			 proc_cgroups(pid, process->cgroups) == 0;
}

void measure_line(uint32_t pid, struct gate_line *line)
{
	struct proc_stat stat;

	line->known = false;
	line->count = 0;
	while (pid != 0) {
		if (line->count == GATE_LINE_MAX || proc_stat(pid, &stat) < 0)
			return;
		line->pids[line->count++] = pid;
		pid = stat.ppid;
	}
	line->known = true;
}

/*
 * trust: ruled's word on which process it is. With an inode the pidfd itself is compared with what
 * the kernel reported; a kernel that gives pidfds no inodes of their own reports none. Without one
 * the start time must do, which a recycled pid can share within a clock tick: weak.
 */
static int prove(const struct propose *proposal, struct target *target, const char **why)
{
	struct proc_stat stat;
	struct stat st;

	if (fstat(target->pidfd, &st) < 0)
		return REASON(-errno, "its pidfd could not be examined");
	if (proc_stat(target->pid, &stat) < 0)
		return REASON(-ESRCH, "the process has gone");
	target->strong = proposal->ino != 0;
	if (target->strong ? st.st_ino != proposal->ino
			   : stat.start_ticks != proposal->start_ns / PROC_TICK_NS)
		return REASON(-ESRCH, "the pid belongs to another process now");
	target->start_ticks = stat.start_ticks;
	return 0;
}

int target_open(const struct propose *proposal, struct target *target, struct gate_process *process,
	const char **why)
{
	_cleanup_(target_close) struct target t = {.pid = proposal->tgid,
		.ino = proposal->ino,
		.start_ns = proposal->start_ns,
		.uid = proposal->uid};
	int r;

	t.pidfd = (int)syscall(SYS_pidfd_open, (pid_t)t.pid, 0);
	if (t.pidfd < 0)
		return REASON(-errno,
			errno == ESRCH ? "the process has gone" : "its pidfd could not be opened");
	r = prove(proposal, &t, why);
	if (r < 0)
		return r;
	measure_process(t.pid, process);
	if (process->known && process->uid != t.uid)
		return REASON(-EPERM, "its user has changed since it was measured");
	memcpy(t.cgroups, process->cgroups, sizeof(t.cgroups));
	/* Alive now: so the pid was this process's all along, and what was read by pid was read of
	 * it. */
	if (!pidfd_alive(t.pidfd))
		return REASON(-ESRCH, "the process has gone");
	*target = t;
	t.pidfd = -1;
	return 0;
}

void target_measure(
	const struct target *target, struct gate_process *process, struct gate_facts *facts)
{
	measure_process(target->pid, process);
	facts->same_uid = process->known && process->uid == target->uid;
	facts->same_cgroup = process->known && strcmp(process->cgroups, target->cgroups) == 0;
	/* Last: if it is alive now, the pid was still its own when it was read. */
	facts->alive = pidfd_alive(target->pidfd);
}
