/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/demo/crew.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static void rest(unsigned ms)
{
	const struct timespec pause = {ms / 1000, (long)(ms % 1000 * NSEC_PER_MSEC)};

	nanosleep(&pause, NULL);
}

static unsigned members(pid_t pgid)
{
	char command[64];
	unsigned count = 0;
	FILE *file;

	snprintf(command, sizeof(command), "ps -eo pgid= | grep -cx ' *%d'", (int)pgid);
	file = popen(command, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &count), 1);
	pclose(file);
	return count;
}

static unsigned left_after(pid_t pgid, unsigned ms)
{
	unsigned count = members(pgid);

	for (; count > 0 && ms > 0; ms -= MIN(ms, 20U)) {
		rest(20);
		count = members(pgid);
	}
	return count;
}

static void family(void)
{
	for (int i = 0; i < 5; i++)
		if (crew_fork(CREW_SECS) == 0)
			for (;;)
				pause();
	for (;;)
		pause();
}

static void a_crew_has_a_group_of_its_own_and_is_ended_whole(void **state)
{
	struct crew crew;
	pid_t pgid;

	(void)state;
	assert_int_equal(crew_start(&crew, family), 0);
	pgid = crew.pgid;
	rest(200);
	assert_true(pgid > 1 && pgid != getpgrp());
	assert_int_equal(members(pgid), 6);
	assert_true(crew_runs(&crew));
	assert_true(crew_has(&crew, pgid));
	assert_false(crew_has(&crew, getpid()));
	assert_false(crew_has(&crew, 1));
	assert_false(crew_has(&crew, 0));
	assert_false(crew_has(&crew, -1));
	crew_end(&crew);
	assert_int_equal(members(pgid), 0);
	assert_false(crew_runs(&crew));
	assert_false(crew_has(&crew, pgid));
	crew_end(&crew);
}

static void a_crew_without_its_starter_ends(void **state)
{
	int ends[2];
	pid_t starter, pgid = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	starter = fork();
	if (starter == 0) {
		struct crew crew;

		if (crew_start(&crew, family) == 0 &&
			write(ends[1], &crew.pgid, sizeof(crew.pgid)) > 0)
			rest(10000);
		_exit(0);
	}
	assert_true(starter > 1);
	assert_int_equal(read(ends[0], &pgid, sizeof(pgid)), sizeof(pgid));
	rest(200);
	assert_int_equal(members(pgid), 6);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_int_equal(waitpid(starter, NULL, 0), starter);
	/* Nobody has waited for them here: they are ours now, as zombies. */
	while (waitpid(-pgid, NULL, 0) > 0)
		;
	assert_int_equal(left_after(pgid, 1000), 0);
}

static void brief(void)
{
	_exit(getuid() == 0 || getpgrp() != getpid());
}

static void it_has_no_rights_and_its_end_is_seen(void **state)
{
	struct crew crew;
	siginfo_t info;

	(void)state;
	assert_int_equal(crew_start(&crew, brief), 0);
	assert_int_equal(waitid(P_PID, (id_t)crew.pgid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(info.si_status, 0);
	assert_false(crew_runs(&crew));
	crew_end(&crew);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crew_has_a_group_of_its_own_and_is_ended_whole),
		cmocka_unit_test(a_crew_without_its_starter_ends),
		cmocka_unit_test(it_has_no_rights_and_its_end_is_seen),
	};

	return cmocka_run_group_tests_name("client/crew", tests, NULL, NULL);
}
