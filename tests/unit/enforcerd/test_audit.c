/* SPDX-License-Identifier: AGPL-3.0-only */
/* The real file, the real thread: each test is one life of the daemon, in a process of its own. */
#include "enforcerd/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char path[64];
static struct audit_past past;
static unsigned told, failed;
static unsigned wanted;
static struct loop *loop;

static void on_written(enum audit_kind kind, uint64_t action, int r, void *ctx)
{
	struct stat st;

	(void)ctx;
	told++;
	failed += r < 0;
	if (kind != AUDIT_APPROVED || action != told || stat(path, &st) < 0)
		failed += 1000;
	if (told == wanted)
		loop_stop(loop);
}

/* Writes @count lines as one run of the daemon would; the exit status tells how many failed. */
static unsigned live(unsigned count, rlim_t file_bytes_max)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct rlimit limit = {file_bytes_max, file_bytes_max};
		struct audit_event event = {.kind = AUDIT_APPROVED, .by.label = "x"};

		close(STDERR_FILENO);
		(void)!open("/dev/null", O_WRONLY);
		signal(SIGXFSZ, SIG_IGN);
		wanted = count;
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0 || loop_new(&loop) < 0 ||
			audit_open(path, &past) < 0 ||
			audit_start(loop, &past, on_written, NULL) < 0)
			_exit(100);
		for (event.action = 1; event.action <= count; event.action++)
			if (audit_write(&event) < 0)
				_exit(101);
		if (count > 0 && loop_run(loop) < 0)
			_exit(102);
		if (audit_is_ok() != (failed == 0))
			_exit(103);
		audit_stop();
		_exit((int)MIN(failed, 99U));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (unsigned)WEXITSTATUS(status);
}

static void read_file(void)
{
	static char data[1 << 20];
	FILE *file = fopen(path, "r");
	size_t n = fread(data, 1, sizeof(data), file);

	fclose(file);
	audit_past_init(&past);
	audit_past_feed(&past, data, n);
	audit_past_end(&past);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/linnix-audit-%d", getpid());
	unlink(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void makes_a_file_only_its_owner_reads(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(live(1, RLIM_INFINITY), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void tells_of_each_line_in_order_and_goes_on_with_the_chain(void **state)
{
	(void)state;
	assert_int_equal(live(100, RLIM_INFINITY), 0);
	assert_int_equal(live(100, RLIM_INFINITY), 0);
	read_file();
	assert_int_equal(past.lines, 200);
	assert_int_equal(past.broken_line, 0);
	assert_false(past.cut);
}

static void goes_on_after_a_cut_line_and_says_so(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(live(2, RLIM_INFINITY), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 7), 0);
	assert_int_equal(live(1, RLIM_INFINITY), 0);
	read_file();
	assert_int_equal(past.lines, 4); /* whole, cut, CONTINUED, new */
	assert_int_equal(past.broken_line, 2);
	assert_false(past.cut);
}

static void says_when_nothing_can_be_written(void **state)
{
	(void)state;
	assert_int_equal(live(1, 300), 0);
	assert_int_equal(live(2, 400), 2);
	read_file();
	assert_int_equal(past.lines, 1);
}

static void writes_nothing_half_without_saying_so(void **state)
{
	(void)state;
	assert_int_equal(live(3, 600), 1); /* the third line does not fit whole */
	assert_int_equal(live(1, RLIM_INFINITY), 0);
	read_file();
	assert_int_equal(past.lines, 5);
	assert_int_equal(past.broken_line, 3);
}

static void refuses_a_link_in_its_place(void **state)
{
	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(live(0, RLIM_INFINITY), 100);
}

static void is_bounded(void **state)
{
	struct audit_event event = {.kind = AUDIT_APPROVED};
	int r = 0;

	(void)state;
	close(open(path, O_CREAT | O_WRONLY, 0600));
	for (unsigned i = 0; i <= AUDIT_QUEUE_MAX && r == 0; i++)
		r = audit_write(&event);
	assert_int_equal(r, -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			makes_a_file_only_its_owner_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			tells_of_each_line_in_order_and_goes_on_with_the_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			goes_on_after_a_cut_line_and_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			says_when_nothing_can_be_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			writes_nothing_half_without_saying_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_a_link_in_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
