/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/clock.h"

static void knows_nothing_before_it_has_read(void **state)
{
	static const struct boot none;

	(void)state;
	assert_memory_equal(boot_get(), &none, sizeof(none));
}

static void reads_boot_namespace_and_start(void **state)
{
	uint64_t before = clock_boottime_ns();
	char wanted[64] = "", id[64] = "";
	struct stat st;
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	size_t used = 0;

	(void)state;
	assert_int_equal(boot_read(), 0);
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	assert_int_equal(boot_get()->pidns_ino, st.st_ino);
	assert_true(boot_get()->start_ns >= before && boot_get()->start_ns <= clock_boottime_ns());

	assert_non_null(file);
	assert_non_null(fgets(wanted, sizeof(wanted), file));
	fclose(file);
	wanted[strcspn(wanted, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(boot_get()->id); i++)
		used += (size_t)snprintf(id + used, sizeof(id) - used, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
			boot_get()->id[i]);
	assert_string_equal(id, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nothing_before_it_has_read),
		cmocka_unit_test(reads_boot_namespace_and_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
