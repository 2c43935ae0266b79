/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <cmocka.h>

#include "common/boot.h"
#include "tests/unit/common/child.h"

static const char *record_path;
static bool dry_run;

static const struct daemon_option extra[] = {
	{"record", "FILE", "write a recording", &record_path},
	{"dry-run", NULL, "try and exit", &dry_run},
};

static const struct daemon_info info = {"linnix-test", "a test", extra, ARRAY_LEN(extra)};

static struct daemon_options options;

/* daemon_options() of a command line of up to seven words; what it prints goes nowhere. */
static int parse(const char *first, ...)
{
	char *argv[10] = {(char *)"linnix-test"};
	int argc = 1, saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)}, null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;
	va_list ap;

	va_start(ap, first);
	for (const char *word = first; word && argc < 9; word = va_arg(ap, const char *))
		argv[argc++] = (char *)word;
	va_end(ap);
	fflush(stdout);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	optind = 0;
	record_path = NULL;
	dry_run = false;
	r = daemon_options(&options, &info, argc, argv);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
	}
	return r;
}

static void without_options_all_is_as_documented(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL), 0);
	assert_string_equal(options.config_path, CONFIG_PATH_DEFAULT);
	assert_false(options.check_config);
	assert_int_equal(options.seccomp, SANDBOX_KILL);
}

static void takes_common_options_and_those_of_the_daemon(void **state)
{
	(void)state;
	assert_int_equal(parse("--config", "/x.yaml", "--check-config", "--seccomp=log", "--record", "/f", "--dry-run", NULL),
		0);
	assert_string_equal(options.config_path, "/x.yaml");
	assert_true(options.check_config);
	assert_int_equal(options.seccomp, SANDBOX_LOG);
	assert_string_equal(record_path, "/f");
	assert_true(dry_run);
	assert_int_equal(parse("--seccomp", "kill", NULL), 0);
	assert_int_equal(options.seccomp, SANDBOX_KILL);
}

static void help_and_version_are_all_there_is_to_do(void **state)
{
	(void)state;
	assert_int_equal(parse("--help", NULL), 1);
	assert_int_equal(parse("--version", "--nonsense", NULL), 1);
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	assert_int_equal(parse("--nonsense", NULL), -EINVAL);
	assert_int_equal(parse("-x", NULL), -EINVAL);
	assert_int_equal(parse("file", NULL), -EINVAL);
	assert_int_equal(parse("--dry-run", "--", "file", NULL), -EINVAL);
	assert_int_equal(parse("--config", NULL), -EINVAL);
	assert_int_equal(parse("--record", NULL), -EINVAL);
	assert_int_equal(parse("--dry-run=yes", NULL), -EINVAL);
	assert_int_equal(parse("--seccomp=off", NULL), -EINVAL);
	assert_int_equal(parse("--seccomp=", NULL), -EINVAL);
	assert_int_equal(parse("--seccomp=KILL", NULL), -EINVAL);
}

static void the_state_directory_is_absolute(void **state)
{
	(void)state;
	unsetenv("STATE_DIRECTORY");
	assert_string_equal(daemon_state_directory(ROLE_APID), "/var/lib/linnix/apid");
	setenv("STATE_DIRECTORY", "relative", 1);
	assert_string_equal(daemon_state_directory(ROLE_ENFORCERD), "/var/lib/linnix/enforcerd");
	setenv("STATE_DIRECTORY", "/tmp/state", 1);
	assert_string_equal(daemon_state_directory(ROLE_APID), "/tmp/state");
	unsetenv("STATE_DIRECTORY");
}

static bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static void start_with_closed_descriptors(void)
{
	close(0);
	close(1);
	close(2);
	REQUIRE(daemon_standard() == 0);
	REQUIRE(is_null(0) && is_null(1) && is_null(2));
	REQUIRE(open("/dev/null", O_RDONLY | O_CLOEXEC) > 2);
}

static void start_with_open_descriptors(void)
{
	int pipes[2];
	char byte;

	REQUIRE(pipe(pipes) == 0);
	REQUIRE(dup2(pipes[1], 1) == 1);
	REQUIRE(daemon_standard() == 0);
	REQUIRE(is_null(0) && !is_null(1));
	REQUIRE(read(0, &byte, 1) == 0);
	REQUIRE(umask(0) == 077);
	REQUIRE(boot_get()->start_ns > 0);
	/* A reader that is gone is an error and no signal. */
	close(pipes[0]);
	REQUIRE(write(1, "x", 1) < 0 && errno == EPIPE);
}

static void no_later_descriptor_takes_the_place_of_a_standard_one(void **state)
{
	(void)state;
	succeeds(start_with_closed_descriptors);
	succeeds(start_with_open_descriptors);
}

static void notify(const char *name, const struct sockaddr_un *address, socklen_t len)
{
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char said[64] = "";

	assert_int_equal(bind(manager, (const struct sockaddr *)address, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(daemon_notify_open(), 0);
	daemon_notify("READY=1");
	assert_int_equal(recv(manager, said, sizeof(said), 0), 7);
	assert_string_equal(said, "READY=1");
	close(manager);
	daemon_notify("STOPPING=1");
	unsetenv("NOTIFY_SOCKET");
}

static void tells_the_service_manager(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[64];
	int len;

	(void)state;
	len = snprintf(name, sizeof(name), "/tmp/linnix-notify-%d", getpid());
	memcpy(address.sun_path, name, (size_t)len + 1);
	unlink(name);
	notify(name, &address, sizeof(address));
	unlink(name);

	name[0] = '@';
	memcpy(address.sun_path, name, (size_t)len);
	address.sun_path[0] = '\0';
	notify(name, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len));
}

static void a_service_manager_that_cannot_be_told_is_ignored_or_an_error(void **state)
{
	char longer[200];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(daemon_notify_open(), 0);
	daemon_notify("READY=1");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	assert_int_equal(daemon_notify_open(), 0);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(daemon_notify_open(), 0);
	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	assert_int_equal(daemon_notify_open(), -ENOENT);
	unsetenv("NOTIFY_SOCKET");
}

static void exit_codes_tell_success_from_failure(void **state)
{
	(void)state;
	assert_int_equal(daemon_exit(0), EXIT_SUCCESS);
	assert_int_equal(daemon_exit(1), EXIT_SUCCESS);
	assert_int_equal(daemon_exit(-EIO), EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_all_is_as_documented),
		cmocka_unit_test(takes_common_options_and_those_of_the_daemon),
		cmocka_unit_test(help_and_version_are_all_there_is_to_do),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(the_state_directory_is_absolute),
		cmocka_unit_test(no_later_descriptor_takes_the_place_of_a_standard_one),
		cmocka_unit_test(tells_the_service_manager),
		cmocka_unit_test(a_service_manager_that_cannot_be_told_is_ignored_or_an_error),
		cmocka_unit_test(exit_codes_tell_success_from_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
