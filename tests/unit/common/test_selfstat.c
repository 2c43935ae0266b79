/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/selfstat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "common/clock.h"

static uint64_t status_number(const char *name, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t value = UINT64_MAX;
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, base);
	fclose(file);
	return value;
}

static void reports_who_this_process_is_and_what_it_uses(void **state)
{
	struct selfstat stat = SELFSTAT_INIT;
	const struct self *self;

	(void)state;
	assert_int_equal(selfstat_open(&stat, ROLE_APID, 4711), 0);
	self = selfstat_get(&stat);
	assert_int_equal(self->role, ROLE_APID);
	assert_int_equal(self->pid, getpid());
	assert_int_equal(self->uid, geteuid());
	assert_int_equal(self->gid, getegid());
	assert_int_equal(self->start_ns, 4711);
	assert_int_equal(self->cap_effective, status_number("CapEff:", 16));
	assert_int_equal(self->seccomp, status_number("Seccomp:", 10));
	assert_true(self->pss_bytes > 65536 && self->pss_bytes % 1024 == 0);
	assert_true(self->cpu_ns > 0);
	selfstat_close(&stat);
	selfstat_close(&stat);
}

static void the_same_figures_serve_for_ten_seconds_but_for_the_time_used(void **state)
{
	struct selfstat stat = SELFSTAT_INIT;
	struct self first;
	uint64_t start;

	(void)state;
	assert_int_equal(selfstat_open(&stat, ROLE_RULED, 1), 0);
	first = *selfstat_get(&stat);
	close_fd(&stat.smaps_fd); /* what cannot be read now is 0 */
	start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start < NSEC_PER_MSEC)
		continue;
	assert_true(selfstat_get(&stat)->cpu_ns > first.cpu_ns);
	assert_int_equal(selfstat_get(&stat)->pss_bytes, first.pss_bytes);
	stat.pss_read_ns -= 10 * NSEC_PER_SEC;
	assert_int_equal(selfstat_get(&stat)->pss_bytes, 0);
	assert_int_equal(selfstat_get(&stat)->cap_effective, first.cap_effective);
	selfstat_close(&stat);
}

static void works_for_a_process_that_others_may_not_look_into(void **state)
{
	struct selfstat stat = SELFSTAT_INIT;

	(void)state;
	assert_int_equal(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), 0);
	assert_int_equal(selfstat_open(&stat, ROLE_ENFORCERD, 1), 0);
	assert_true(selfstat_get(&stat)->pss_bytes > 0);
	selfstat_close(&stat);
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_who_this_process_is_and_what_it_uses),
		cmocka_unit_test(the_same_figures_serve_for_ten_seconds_but_for_the_time_used),
		cmocka_unit_test(works_for_a_process_that_others_may_not_look_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
