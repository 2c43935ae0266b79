/* SPDX-License-Identifier: AGPL-3.0-only */
/* Needs root (to have rights to drop); each test enters its sandbox in a child. */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "common/account.h"
#include "common/privs.h"
#include "tests/unit/common/child.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const struct account account = {.name = "tester", .uid = 61234, .gid = 61235};

static char state_directory[] = "/tmp/linnix-sandbox-XXXXXX";
static char other_file[sizeof(state_directory) + 16];

#define CALL(call) \
	{ \
		.name = (call), .why = "test" \
	}

static const struct policy_syscall calls[] = {
	CALL("read"), CALL("write"), CALL("openat"), CALL("close"), CALL("newfstatat"), CALL("fstat"), CALL("lseek"),
	CALL("connect"), CALL("bind"), CALL("mkdir"), CALL("unlink"), CALL("rename"), CALL("symlink"), CALL("getpid"),
	CALL("brk"), CALL("mmap"), CALL("munmap"), CALL("mprotect"), CALL("prlimit64"), CALL("exit_group"), CALL("exit"),
	CALL("getrandom"),
	/* threads */
	CALL("clone"), CALL("clone3"), CALL("futex"), CALL("set_robust_list"), CALL("rseq"), CALL("rt_sigprocmask"),
	CALL("rt_sigaction"), CALL("madvise"), CALL("gettid"),
	{"socket", "unix sockets", 1, {{0, SCMP_CMP_EQ, AF_UNIX, 0}}},
	{"socket", "TCP", 2, {{0, SCMP_CMP_EQ, AF_INET, 0}, {1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM}}},
};

static const struct policy_path paths[] = {
	{"/proc", PATH_READ | PATH_DIR},
	{"$STATE", PATH_READ | PATH_WRITE | PATH_DIR},
	{"/nonexistent/directory", PATH_READ | PATH_DIR},
	{NULL, PATH_READ},
};

static const struct policy_limit limits[] = {{RLIMIT_NOFILE, 32}, {RLIMIT_NPROC, 100}};

static const struct policy filter_only = {.syscalls = calls, .syscall_count = ARRAY_LEN(calls)};

static const struct policy whole = {
	.syscalls = calls,
	.syscall_count = ARRAY_LEN(calls),
	.paths = paths,
	.path_count = ARRAY_LEN(paths),
	.tcp_denied = true,
	.limits = limits,
	.limit_count = ARRAY_LEN(limits),
};

static const struct policy network_only = {
	.syscalls = calls, .syscall_count = ARRAY_LEN(calls), .tcp_denied = true};

static void needs_root(void)
{
	if (geteuid() != 0 || SANITIZED)
		skip();
}

static int kernel_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void needs_landlock(int abi)
{
	needs_root();
	if (kernel_landlock_abi() < abi)
		skip();
}

static void enter(const struct policy *policy, enum sandbox_mode mode)
{
	int abi = -1;

	REQUIRE(privs_drop(policy, &account) == 0);
	REQUIRE(sandbox_enter(policy, mode, state_directory, &abi) == 0);
	REQUIRE(abi >= 0);
}

static void stay_inside(void)
{
	char why[128];

	enter(&whole, SANDBOX_KILL);
	REQUIRE(getpid() > 0);
	REQUIRE(privs_prove(&whole, &account, true, why, sizeof(why)) == 0);
}

static void what_is_listed_works_and_the_proof_holds(void **state)
{
	(void)state;
	needs_root();
	succeeds(stay_inside);
}

static void call_forbidden(void)
{
	struct utsname name;

	enter(&filter_only, SANDBOX_KILL);
	uname(&name);
}

static void call_with_forbidden_argument(void)
{
	enter(&filter_only, SANDBOX_KILL);
	REQUIRE(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	REQUIRE(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	socket(AF_INET, SOCK_DGRAM, 0);
}

static void call_kill(void)
{
	enter(&filter_only, SANDBOX_KILL);
	kill(getpid(), 0);
}

static void call_exec(void)
{
	enter(&filter_only, SANDBOX_KILL);
	execl("/bin/true", "true", (char *)NULL);
}

static void a_forbidden_system_call_ends_the_process(void **state)
{
	(void)state;
	needs_root();
	dies_of(call_forbidden, SIGSYS);
	dies_of(call_with_forbidden_argument, SIGSYS);
	dies_of(call_kill, SIGSYS);
	dies_of(call_exec, SIGSYS);
}

static void call_forbidden_when_logging(void)
{
	struct utsname name;

	enter(&filter_only, SANDBOX_LOG);
	REQUIRE(uname(&name) == 0);
}

static void for_development_a_forbidden_call_is_only_logged(void **state)
{
	(void)state;
	needs_root();
	succeeds(call_forbidden_when_logging);
}

#ifdef __x86_64__
static int getpid_of_i386(void)
{
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void call_i386(void)
{
	REQUIRE(getpid_of_i386() == getpid());
}

static void call_x32(void)
{
	enter(&filter_only, SANDBOX_KILL);
	syscall(0x40000000 | SYS_getpid);
}

static void *thread_of_i386(void *argument)
{
	getpid_of_i386();
	return argument;
}

/* If only the thread ended, joining it would succeed and so would the child. */
static void call_i386_in_a_thread(void)
{
	pthread_t thread;

	enter(&filter_only, SANDBOX_KILL);
	REQUIRE(pthread_create(&thread, NULL, thread_of_i386, NULL) == 0);
	pthread_join(thread, NULL);
}
#endif

static void another_abi_is_no_way_around_the_filter(void **state)
{
	(void)state;
	needs_root();
#ifdef __x86_64__
	dies_of(call_x32, SIGSYS);
	if (status_of(call_i386) == 0)
		dies_of(call_i386_in_a_thread, SIGSYS);
#else
	skip();
#endif
}

static void enter_with_unknown_call(void)
{
	static const struct policy_syscall unknown[] = {CALL("no_such_call")};
	const struct policy policy = {.syscalls = unknown, .syscall_count = 1};

	REQUIRE(sandbox_enter(&policy, SANDBOX_KILL, NULL, NULL) == -EINVAL);
}

static void enter_without_state(void)
{
	const struct policy policy = {.paths = paths, .path_count = ARRAY_LEN(paths)};

	REQUIRE(kernel_landlock_abi() <= 0 || sandbox_enter(&policy, SANDBOX_KILL, NULL, NULL) == -EINVAL);
}

static void a_policy_that_cannot_be_carried_out_is_an_error(void **state)
{
	(void)state;
	needs_root();
	succeeds(enter_with_unknown_call);
	succeeds(enter_without_state);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : 0;

	close_fd(&fd);
	return r;
}

static void use_files(void)
{
	REQUIRE(chdir(state_directory) == 0);
	enter(&whole, SANDBOX_KILL);
	REQUIRE(try_open("/proc/self/status", O_RDONLY) == 0);
	REQUIRE(try_open("/proc", O_RDONLY | O_DIRECTORY) == 0);
	REQUIRE(try_open("/proc/self/comm", O_WRONLY) == -EACCES);
	REQUIRE(try_open("/etc/passwd", O_RDONLY) == -EACCES);
	REQUIRE(try_open("/", O_RDONLY | O_DIRECTORY) == -EACCES);
	REQUIRE(try_open("/dev/null", O_WRONLY) == -EACCES);
	REQUIRE(try_open(other_file, O_RDONLY) == -EACCES);
	REQUIRE(try_open(other_file, O_WRONLY | O_TRUNC) == -EACCES);
	REQUIRE(try_open("../linnix-sandbox-new", O_WRONLY | O_CREAT) == -EACCES);

	REQUIRE(try_open("file", O_RDWR | O_CREAT | O_TRUNC) == 0);
	REQUIRE(try_open("file", O_RDWR | O_TRUNC) == 0);
	REQUIRE(rename("file", "renamed") == 0);
	REQUIRE(rename("renamed", "../linnix-sandbox-moved") < 0);
	REQUIRE(mkdir("directory", 0700) < 0 && errno == EACCES);
	REQUIRE(symlink("/etc/passwd", "link") < 0 && errno == EACCES);
	REQUIRE(unlink("renamed") == 0);
	REQUIRE(unlink(other_file) < 0);
}

static void only_listed_paths_can_be_used(void **state)
{
	(void)state;
	needs_landlock(3);
	succeeds(use_files);
}

static int try_tcp(int (*call)(int, const struct sockaddr *, socklen_t))
{
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	_cleanup_close_ int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(sock >= 0);
	return call(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static int call_bind(int sock, const struct sockaddr *address, socklen_t len)
{
	return bind(sock, address, len);
}

static int call_connect(int sock, const struct sockaddr *address, socklen_t len)
{
	return connect(sock, address, len);
}

static void use_tcp(void)
{
	enter(&whole, SANDBOX_KILL);
	REQUIRE(try_tcp(call_connect) == -EACCES);
	REQUIRE(try_tcp(call_bind) == -EACCES);
}

static void use_tcp_without_paths(void)
{
	enter(&network_only, SANDBOX_KILL);
	REQUIRE(try_tcp(call_connect) == -EACCES);
	REQUIRE(try_tcp(call_bind) == -EACCES);
	REQUIRE(try_open("/etc/passwd", O_RDONLY) == 0);
}

static void use_tcp_where_it_is_not_denied(void)
{
	enter(&filter_only, SANDBOX_KILL);
	REQUIRE(try_tcp(call_connect) == -ECONNREFUSED);
	REQUIRE(try_open("/etc/passwd", O_RDONLY) == 0);
}

static void tcp_is_denied_with_and_without_paths(void **state)
{
	(void)state;
	needs_landlock(4);
	succeeds(use_tcp);
	succeeds(use_tcp_without_paths);
	succeeds(use_tcp_where_it_is_not_denied);
}

static void raise_limits(void)
{
	struct rlimit limit;

	enter(&whole, SANDBOX_KILL);
	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 32 && limit.rlim_max == 32);
	REQUIRE(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
	limit = (struct rlimit){64, 64};
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) < 0);
	REQUIRE(setrlimit(RLIMIT_CORE, &limit) < 0);
}

static void keep_lower_limits(void)
{
	struct rlimit limit = {16, 16};

	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	enter(&whole, SANDBOX_KILL);
	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 16 && limit.rlim_max == 16);
}

static void limits_only_go_down(void **state)
{
	(void)state;
	needs_root();
	succeeds(raise_limits);
	succeeds(keep_lower_limits);
}

static void report_abi(void)
{
	int abi = -1;

	REQUIRE(privs_drop(&whole, &account) == 0);
	REQUIRE(sandbox_enter(&whole, SANDBOX_KILL, state_directory, &abi) == 0);
	_exit(abi == 0 ? 100 : abi);
}

static void tells_how_much_the_kernel_can_restrict(void **state)
{
	int abi = kernel_landlock_abi();

	(void)state;
	needs_root();
	assert_int_equal(WEXITSTATUS(status_of(report_abi)), abi <= 0 ? 100 : abi);
}

static int make_state(void **state)
{
	int fd;

	(void)state;
	assert_non_null(mkdtemp(state_directory));
	snprintf(other_file, sizeof(other_file), "%s.other", state_directory);
	fd = open(other_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	return geteuid() == 0 ? chown(state_directory, account.uid, account.gid) : 0;
}

static int remove_state(void **state)
{
	(void)state;
	return unlink(other_file) < 0 || rmdir(state_directory) < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_listed_works_and_the_proof_holds),
		cmocka_unit_test(a_forbidden_system_call_ends_the_process),
		cmocka_unit_test(for_development_a_forbidden_call_is_only_logged),
		cmocka_unit_test(another_abi_is_no_way_around_the_filter),
		cmocka_unit_test(a_policy_that_cannot_be_carried_out_is_an_error),
		cmocka_unit_test(only_listed_paths_can_be_used),
		cmocka_unit_test(tcp_is_denied_with_and_without_paths),
		cmocka_unit_test(limits_only_go_down),
		cmocka_unit_test(tells_how_much_the_kernel_can_restrict),
	};

	return cmocka_run_group_tests(tests, make_state, remove_state);
}
