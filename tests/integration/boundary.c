/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Takes the rights of one daemon (its policy.c, its user) and tries what they forbid, each attempt in a child of its own.
 * Compiled once for each daemon. Prints TAP. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/account.h"
#include "common/privs.h"
#include "common/sandbox.h"
#include POLICY_HEADER

enum outcome { SUCCEEDS = 1, FAILS = 2, DIES = 4 };

static int try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int try_root(void)
{
	return setresuid(0, 0, 0);
}

static int try_kill(void)
{
	return kill(1, 0);
}

static int try_tgkill(void)
{
	return (int)syscall(SYS_tgkill, 1, 1, 0);
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static int try_shadow(void)
{
	return open("/etc/shadow", O_RDONLY);
}

static int try_create(void)
{
	return open("/tmp/linnix-boundary", O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

static int try_own_binary(void)
{
	return open("/proc/self/exe", O_WRONLY);
}

static int try_other_memory(void)
{
	return open("/proc/1/mem", O_RDWR);
}

static int try_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != ECONNREFUSED) ? -1 : 0;
}

static int try_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int try_program(void)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int try_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static int try_unshare(void)
{
	return (int)syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static int try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int try_fork(void)
{
	return (int)syscall(SYS_fork);
}

static int try_linger(void)
{
	const struct linger linger = {1, 3600};

	return setsockopt(STDIN_FILENO, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static const struct attempt {
	const char *name;
	int (*try)(void);
	enum outcome forbidden_is; /* what may happen */
} attempts[] = {
	{"execve ends it", try_exec, DIES},
	{"becoming root again ends it", try_root, DIES},
	{"kill(2) ends it", try_kill, DIES},
	{"tgkill(2) of another process ends it", try_tgkill, DIES | FAILS},
	{"ptrace ends it", try_ptrace, DIES},
	{"/etc/shadow stays closed", try_shadow, DIES | FAILS},
	{"no file can be made in /tmp", try_create, DIES | FAILS},
	{"its own program cannot be changed", try_own_binary, DIES | FAILS},
	{"the memory of PID 1 stays closed", try_other_memory, DIES | FAILS},
	{"no TCP connection goes out", try_tcp, DIES | FAILS},
	{"no UDP socket is given", try_udp, DIES | FAILS},
	{"no packet socket is given", try_packet, DIES | FAILS},
	{"no new netlink socket is given", try_netlink, DIES | FAILS},
	{"no kernel program can be loaded", try_program, DIES | FAILS},
	{"mount ends it", try_mount, DIES},
	{"a user namespace ends it", try_unshare, DIES},
	{"memory that is writable and executable is not given", try_executable_memory, DIES | FAILS},
	{"fork ends it", try_fork, DIES},
	{"making a shared socket linger ends it", try_linger, DIES},
};

/* In a child: the daemon's rights, then the attempt. Exit codes: 0 succeeded, 1 failed, 2 could not be set up. */
static void attempt_confined(const struct attempt *attempt, const struct account *account, const char *state)
{
	if (privs_drop(&DAEMON_POLICY, account) < 0 || sandbox_enter(&DAEMON_POLICY, SANDBOX_KILL, state, NULL) < 0)
		_exit(2);
	_exit(attempt->try() < 0 ? 1 : 0);
}

static enum outcome run(const struct attempt *attempt, const struct account *account, const char *state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		attempt_confined(attempt, account, state);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 0;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? DIES : 0;
	return WEXITSTATUS(status) == 0 ? SUCCEEDS : WEXITSTATUS(status) == 1 ? FAILS : 0;
}

int main(void)
{
	char state[] = "/tmp/linnix-test-XXXXXX";
	struct account account;
	int failed = 0;

	if (account_find("linnix-" DAEMON_NAME, &account) < 0 || !mkdtemp(state) || chown(state, account.uid, account.gid) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		enum outcome outcome = run(&attempts[i], &account, state);
		bool right = outcome & attempts[i].forbidden_is;

		failed += !right;
		printf("%s %zu - %s: %s\n", right ? "ok" : "not ok", i + 1, DAEMON_NAME, attempts[i].name);
		if (!right)
			printf("# outcome %d\n", outcome);
	}
	rmdir(state);
	return failed > 0;
}
