/* SPDX-License-Identifier: AGPL-3.0-only */
/* Tests that give up rights do so in a child; the parent looks at how it ended. */
#pragma once

#include <signal.h>
#include <sys/wait.h>

#include "common/base.h"

/* In a child: ends it with the line (modulo 251, never 0) if the condition does not hold. */
#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			_exit(1 + __LINE__ % 251); \
	} while (0)

/* The wait status of a child that runs @body and exits with 0 after it. */
static inline int status_of(void (*body)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		body();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static inline void succeeds(void (*body)(void))
{
	int status = status_of(body);

	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		fail_msg("a requirement at line %d (modulo 251) does not hold", WEXITSTATUS(status) - 1);
	assert_int_equal(status, 0);
}

static inline void dies_of(void (*body)(void), int signal)
{
	int status = status_of(body);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signal);
}
