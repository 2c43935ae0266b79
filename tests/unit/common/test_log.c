/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

static int real_stderr, file;
static char text[8192]; /* what was logged */

static int catch_stderr(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	file = memfd_create("stderr", MFD_CLOEXEC);
	unsetenv("JOURNAL_STREAM");
	log_setup("linnix-test", LOG_LEVEL_INFO);
	return dup2(file, STDERR_FILENO) < 0;
}

static int release_stderr(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(file);
	return 0;
}

static const char *logged(void)
{
	ssize_t n = pread(file, text, sizeof(text) - 1, 0);

	text[MAX(n, (ssize_t)0)] = '\0';
	assert_int_equal(ftruncate(file, 0), 0);
	lseek(file, 0, SEEK_SET);
	return text;
}

static void writes_one_line_with_program_and_level(void **state)
{
	(void)state;
	log_info("started with %d rules", 3);
	assert_string_equal(logged(), "linnix-test: started with 3 rules\n");
	log_warn("careful");
	log_err("broken");
	assert_string_equal(logged(), "linnix-test: warning: careful\nlinnix-test: error: broken\n");
}

static void appends_and_returns_the_error(void **state)
{
	(void)state;
	assert_int_equal(log_err_r(-ENOENT, "events socket %s", "/x"), -ENOENT);
	assert_string_equal(logged(), "linnix-test: error: events socket /x: No such file or directory\n");
	assert_int_equal(log_warn_r(0, "nothing"), 0);
	assert_string_equal(logged(), "linnix-test: warning: nothing\n");
}

static void lines_above_the_level_are_not_written(void **state)
{
	(void)state;
	log_debug("hidden");
	assert_string_equal(logged(), "");
	log_setup("linnix-test", LOG_LEVEL_ERROR);
	log_warn("hidden");
	assert_int_equal(log_warn_r(-EIO, "hidden"), -EIO);
	assert_string_equal(logged(), "");
	log_setup("linnix-test", LOG_LEVEL_DEBUG);
	log_debug("shown");
	assert_string_equal(logged(), "linnix-test: shown\n");
}

static void a_line_stays_one_line(void **state)
{
	(void)state;
	log_info("a\nlinnix-test: error: forged\r\033[2J\x7f\tb");
	assert_string_equal(logged(), "linnix-test: a?linnix-test: error: forged??[2J??b\n");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	static char longer[4000];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	for (size_t len = 2000; len < 2100; len++) {
		log_err_r(-ENOENT, "%.*s", (int)len, longer);
		logged();
		assert_true(strlen(text) <= 2048);
		assert_int_equal(text[strlen(text) - 1], '\n');
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	}
}

static void prefixes_are_for_the_journal_alone(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	log_setup("linnix-test", LOG_LEVEL_INFO);
	log_warn("on a terminal");
	assert_string_equal(logged(), "linnix-test: warning: on a terminal\n");
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_setup("linnix-test", LOG_LEVEL_INFO);
	log_warn("on a terminal");
	assert_string_equal(logged(), "linnix-test: warning: on a terminal\n");

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup("linnix-test", LOG_LEVEL_INFO);
	log_warn("in the journal");
	log_err("in\nthe journal");
	assert_string_equal(logged(), "<4>in the journal\n<3>in?the journal\n");
}

static void a_limit_lets_one_line_a_second_through_and_counts_the_rest(void **state)
{
	struct log_limit limit = {0};

	(void)state;
	assert_true(log_limit_pass(&limit));
	for (unsigned i = 0; i < 100; i++)
		assert_false(log_limit_pass(&limit));
	assert_string_equal(logged(), "");
	limit.last_ns -= NSEC_PER_SEC;
	assert_true(log_limit_pass(&limit));
	assert_string_equal(logged(), "linnix-test: warning: 100 more suppressed\n");
	limit.last_ns -= NSEC_PER_SEC;
	assert_true(log_limit_pass(&limit));
	assert_string_equal(logged(), "");
}

static void a_closed_stderr_does_no_harm(void **state)
{
	(void)state;
	close(STDERR_FILENO);
	log_setup("linnix-test", LOG_LEVEL_INFO);
	assert_int_equal(log_err_r(-EIO, "nobody reads this"), -EIO);
}

int main(void)
{
#define CAUGHT(test) cmocka_unit_test_setup_teardown(test, catch_stderr, release_stderr)
	const struct CMUnitTest tests[] = {
		CAUGHT(writes_one_line_with_program_and_level),
		CAUGHT(appends_and_returns_the_error),
		CAUGHT(lines_above_the_level_are_not_written),
		CAUGHT(a_line_stays_one_line),
		CAUGHT(a_long_line_is_cut_and_still_ends),
		CAUGHT(prefixes_are_for_the_journal_alone),
		CAUGHT(a_limit_lets_one_line_a_second_through_and_counts_the_rest),
		CAUGHT(a_closed_stderr_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
