/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The process an action is about: a pidfd held from the proposal on, proven to be the process that
 * was measured, and what it was then. Opens, proves and measures; never signals.
 */
#pragma once

#include "common/base.h"
#include "enforcerd/gates.h"

struct target {
	int pidfd; /* -1: none */
	uint32_t pid;
	bool strong; /* proven by inode, not by start time */
	uint64_t ino, start_ns;
	uid_t uid;
	uint64_t start_ticks;
	char cgroups[PROC_CGROUP_BYTES]; /* all of them, as proc_cgroups() */
};

/*
 * Opens the process a proposal names and measures it into @process. On failure *why (static text)
 * finishes the sentence "refused: …" and @target is untouched. 0, -ESRCH (gone, or another process
 * has its pid), -EPERM, or -errno.
 */
must_check int target_open(const struct propose *proposal, struct target *target,
	struct gate_process *process, const char **why);
void target_close(struct target *target);

/* False once the process has exited, reaped or not. */
bool pidfd_alive(int pidfd);

/* Measures the target again for the gates: @process and the identity facts. */
void target_measure(
	const struct target *target, struct gate_process *process, struct gate_facts *facts);

/* Reads what the gates need to know of a process. Sets @process->known last. */
void measure_process(uint32_t pid, struct gate_process *process);

/* Reads @pid's ancestors, itself included. */
void measure_line(uint32_t pid, struct gate_line *line);
