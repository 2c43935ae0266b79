/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What one daemon may do, as data: the page a reviewer opens first. privs.c and sandbox.c carry it out; privs_prove()
 * checks that it holds.
 */
#pragma once

#include <seccomp.h>

#include "common/base.h"
#include "proto/frame.h"

#define CAP_BIT(cap) (1ULL << (cap))

struct policy_syscall {
	const char *name;
	const char *why;
	unsigned arg_count;
	struct scmp_arg_cmp args[3]; /* all must hold */
};

/* One path a Landlock ruleset allows; everything else is denied. */
struct policy_path {
	const char *path; /* "$STATE" is the state directory; NULL: the daemon fills it in when it knows */
	enum { PATH_READ = 1, PATH_WRITE = 2, PATH_DIR = 4 } access;
};

struct policy_limit {
	int resource; /* RLIMIT_… */
	uint64_t value;
};

struct policy {
	enum role role;
	uint64_t caps_start; /* needed until privs_drop() */
	uint64_t caps_kept;  /* exactly these in steady state */
	int nice;            /* set before rights are dropped, where permitted */
	const struct policy_syscall *syscalls;
	size_t syscall_count;
	const struct policy_path *paths; /* NULL: files are not restricted */
	size_t path_count;
	bool tcp_denied; /* Landlock: no TCP bind, no TCP connect (ABI 4 and later) */
	const struct policy_limit *limits;
	size_t limit_count;
};
