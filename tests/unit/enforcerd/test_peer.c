/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Real clients of root and of others, asked about by a process that is uid 65534 with CAP_KILL
 * alone, as enforcerd is. Needs root.
 */
#include "enforcerd/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NOBODY_UID 65534
#define CLIENT_UID 4242

enum ending { STAY, HALF_CLOSE, CLOSE, RESET, EXIT, KILLED };

struct order {
	enum { TCP4, TCP6, MAPPED, UNIX, FOREIGN } family;
	uint16_t port;
	char path[64];
	enum ending ending;
	uid_t uid;
};

static int orders = -1; /* to the process that is root and starts clients */
static int listener = -1, server = -1;
static const char request[] = "POST /actions/action-1/approve HTTP/1.1\r\n\r\n";

static int connect_client(const struct order *order)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_port = order->port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
		.sin6_port = order->port,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(order->family == TCP4	? AF_INET
			: order->family == UNIX ? AF_UNIX
						: AF_INET6,
		SOCK_STREAM, 0);
	int r;

	if (order->family == MAPPED)
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
	memcpy(un.sun_path, order->path, sizeof(order->path));
	if (order->family == TCP4)
		r = connect(fd, (struct sockaddr *)&in, sizeof(in));
	else if (order->family == UNIX)
		r = connect(fd, (struct sockaddr *)&un, sizeof(un));
	else
		r = connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	return r < 0 ? -1 : fd;
}

static void end_client(int fd, enum ending ending)
{
	const struct linger now = {1, 0};

	if (ending == HALF_CLOSE)
		shutdown(fd, SHUT_WR);
	if (ending == RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (ending == CLOSE || ending == RESET)
		close(fd);
	if (ending == EXIT)
		_exit(0);
	if (ending == KILLED)
		raise(SIGKILL);
	pause();
}

/* Sends one end of a loopback connection of a new network namespace back over @to. */
static void send_foreign(int to)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {"x", 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	socklen_t len = sizeof(in);
	int listening, client, accepted = -1;

	if (unshare(CLONE_NEWNET) == 0) {
		listening = socket(AF_INET, SOCK_STREAM, 0);
		client = socket(AF_INET, SOCK_STREAM, 0);
		if (ioctl(client, SIOCSIFFLAGS, &lo) == 0 && listen(listening, 1) == 0 &&
			getsockname(listening, (struct sockaddr *)&in, &len) == 0) {
			in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			if (connect(client, (struct sockaddr *)&in, sizeof(in)) == 0)
				accepted = accept(listening, NULL, NULL);
		}
	}
	*header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(header), &accepted, sizeof(accepted));
	if (accepted < 0)
		message.msg_controllen = 0;
	(void)sendmsg(to, &message, 0);
	pause();
}

static void run_client(const struct order *order)
{
	int fd;

	if (order->uid != 0 && setresuid(order->uid, order->uid, order->uid) < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* lost with a change of user */
	fd = connect_client(order);
	if (fd < 0 || write(fd, request, strlen(request)) < 0)
		_exit(1);
	end_client(fd, order->ending);
	_exit(0);
}

static void end_last(pid_t client)
{
	if (client <= 1)
		return;
	kill(client, SIGKILL);
	waitpid(client, NULL, 0);
}

/* Stays root: each order is a client, ended when the next one comes, or no more. */
static void serve_orders(int fd)
{
	struct order order;
	pid_t client = 0;

	while (read(fd, &order, sizeof(order)) == sizeof(order)) {
		end_last(client);
		client = fork();
		if (client < 0)
			_exit(1);
		if (client == 0 && order.family == FOREIGN)
			send_foreign(fd);
		if (client == 0)
			run_client(&order);
	}
	end_last(client);
	_exit(0);
}

static int drop_rights(void **state)
{
	const cap_value_t kept = CAP_KILL;
	int pair[2];
	cap_t caps = cap_init();

	(void)state;
	if (geteuid() != 0)
		return 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	if (fork() == 0) {
		close(pair[0]);
		serve_orders(pair[1]);
	}
	close(pair[1]);
	orders = pair[0];
	cap_set_flag(caps, CAP_PERMITTED, 1, &kept, CAP_SET);
	cap_set_flag(caps, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	assert_int_equal(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	assert_int_equal(setresgid(NOBODY_UID, NOBODY_UID, NOBODY_UID), 0);
	assert_int_equal(setresuid(NOBODY_UID, NOBODY_UID, NOBODY_UID), 0);
	assert_int_equal(cap_set_proc(caps), 0);
	cap_free(caps);
	assert_int_equal(peer_open(), 0);
	return 0;
}

static void listen_for(struct order *order)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(in6);

	listener = socket(order->family == TCP4	  ? AF_INET
			  : order->family == UNIX ? AF_UNIX
						  : AF_INET6,
		SOCK_STREAM, 0);
	if (order->family == MAPPED)
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
	snprintf(order->path, sizeof(order->path), "/tmp/linnix-peer-%d", getpid());
	memcpy(un.sun_path, order->path, sizeof(order->path));
	unlink(order->path);
	if (order->family == TCP4)
		assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof(in)), 0);
	else if (order->family == UNIX)
		assert_int_equal(bind(listener, (struct sockaddr *)&un, sizeof(un)), 0);
	else
		assert_int_equal(bind(listener, (struct sockaddr *)&in6, sizeof(in6)), 0);
	assert_int_equal(listen(listener, 4), 0);
	if (order->family == UNIX) {
		assert_int_equal(chmod(order->path, 0666), 0);
		return;
	}
	assert_int_equal(getsockname(listener, (struct sockaddr *)&in6, &len), 0);
	order->port = in6.sin6_port; /* at the same place in both structures */
}

/* Tells that the API listens where listen_for() does. */
static void serve(const struct order *order)
{
	static char path[64], address[1][CONFIG_TEXT_MAX];
	const struct config_list list = config_list_of(address, 1);

	snprintf(path, sizeof(path), "%s", order->path);
	snprintf(address[0], sizeof(address[0]), "%s:%u",
		order->family == TCP6 ? "[::1]" : "127.0.0.1",
		order->port ? ntohs(order->port) : 1);
	assert_int_equal(peer_serves(path, &list), 0);
}

/* Lets a client come and end as ordered, then asks who it is. */
static struct peer ask_about(struct order order)
{
	struct peer peer;
	const char *why;

	listen_for(&order);
	serve(&order);
	assert_int_equal(write(orders, &order, sizeof(order)), sizeof(order));
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	usleep(order.ending == STAY ? 5000 : order.ending == HALF_CLOSE ? 80000 : 20000);
	peer_prove(server, true, &peer, &why);
	assert_true((peer.kind == PEER_NOBODY) == (why[0] != '\0'));
	close_fd(&listener);
	unlink(order.path);
	return peer;
}

static int close_server(void **state)
{
	(void)state;
	close_fd(&server);
	return 0;
}

#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (orders < 0)                                                                    \
			skip();                                                                    \
	} while (0)

static void names_clients_that_are_there(void **state)
{
	static const uid_t uids[] = {0, CLIENT_UID, NOBODY_UID};
	static const enum ending endings[] = {STAY, HALF_CLOSE};

	(void)state;
	NEEDS_ROOT();
	for (int family = TCP4; family <= UNIX; family++) {
		for (size_t i = 0; i < ARRAY_LEN(uids) * ARRAY_LEN(endings); i++) {
			struct order order = {
				.family = family, .uid = uids[i / 2], .ending = endings[i % 2]};
			struct peer peer = ask_about(order);

			assert_int_equal(peer.kind, family == UNIX ? PEER_UNIX : PEER_TCP);
			assert_int_equal(peer.uid, order.uid);
			assert_true(peer.cookie != 0);
			assert_true((peer.pid != 0) == (family == UNIX));
			close_fd(&server);
		}
	}
}

/* Each of these is "uid 0" to a naive question. */
static void calls_clients_nobody_that_are_gone(void **state)
{
	(void)state;
	NEEDS_ROOT();
	for (int family = TCP4; family <= UNIX; family++) {
		for (enum ending ending = CLOSE; ending <= KILLED; ending++) {
			struct peer peer =
				ask_about((struct order){.family = family, .ending = ending});

			assert_int_equal(peer.kind, PEER_NOBODY);
			close_fd(&server);
		}
	}
}

static void notices_a_client_that_leaves_later(void **state)
{
	struct order order = {.family = TCP4};
	struct peer peer = {.kind = PEER_NOBODY};
	const char *why;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(ask_about(order).kind, PEER_TCP);
	(void)!write(orders, &(struct order){.family = TCP4, .port = htons(1)},
		sizeof(order)); /* ends the client */
	usleep(20000);
	peer_prove(server, false, &peer, &why);
	assert_int_equal(peer.kind, PEER_NOBODY);
}

static void accepts_only_first_requests(void **state)
{
	struct peer peer;
	const char *why;
	char byte;

	(void)state;
	NEEDS_ROOT();
	for (enum ending ending = STAY; ending <= HALF_CLOSE; ending++) {
		assert_int_equal(
			ask_about((struct order){.family = TCP4, .ending = ending}).kind, PEER_TCP);
		assert_int_equal(read(server, &byte, 1), 1);
		peer_prove(server, true, &peer, &why);
		assert_int_equal(peer.kind, PEER_NOBODY);
		assert_string_equal(why, "not the first request of its connection");
		peer_prove(server, false, &peer, &why);
		assert_int_equal(peer.kind, PEER_TCP);
		close_fd(&server);
	}
}

static void peeks_without_taking(void **state)
{
	char bytes[100];

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(ask_about((struct order){.family = TCP6}).kind, PEER_TCP);
	for (int i = 0; i < 2; i++) {
		memset(bytes, 0, sizeof(bytes));
		assert_int_equal(peer_peek(server, bytes, sizeof(bytes)), strlen(request));
		assert_string_equal(bytes, request);
	}
	assert_int_equal(read(server, bytes, sizeof(bytes)), strlen(request));
	assert_int_equal(peer_peek(server, bytes, sizeof(bytes)), -EAGAIN);
}

static void calls_everything_else_nobody(void **state)
{
	int pipes[2], pair[2], datagram = socket(AF_INET, SOCK_DGRAM, 0),
			       stream = socket(AF_INET, SOCK_STREAM, 0);
	int listening = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDONLY);
	struct peer peer;
	const char *why;

	(void)state;
	NEEDS_ROOT();
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(listen(listening, 1), 0);
	for (size_t i = 0; i < 7; i++) {
		const int fds[] = {-1, pipes[0], pair[0], datagram, stream, listening, file};

		peer_prove(fds[i], true, &peer, &why);
		assert_int_equal(peer.kind, PEER_NOBODY);
		close_fd(&(int){fds[i]});
	}
	close(pipes[1]);
	close(pair[1]);
}

/* A connection made by root in a network of its own, passed to us. */
static int foreign_connection(void)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr message = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct order order = {.family = FOREIGN};
	int fd = -1;

	assert_int_equal(write(orders, &order, sizeof(order)), sizeof(order));
	if (recvmsg(orders, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void calls_connections_of_another_network_nobody(void **state)
{
	struct peer peer;
	const char *why;

	(void)state;
	NEEDS_ROOT();
	server = foreign_connection();
	if (server < 0)
		skip();
	peer_prove(server, true, &peer, &why);
	assert_int_equal(peer.kind, PEER_NOBODY);
	assert_string_equal(why, "a connection of another network namespace");
}

static const char *why_nobody(int fd)
{
	struct peer peer;
	const char *why;

	peer_prove(fd, true, &peer, &why);
	assert_int_equal(peer.kind, PEER_NOBODY);
	return why;
}

/* A client of ours at a server of root's: the kernel names the server's owner, and the bytes are
 * what he could be made to send. */
static void calls_the_connecting_end_nobody(void **state)
{
	static const struct order unix_order = {.family = UNIX}, tcp_order = {.family = TCP4};

	(void)state;
	NEEDS_ROOT();
	for (int i = 0; i < 2; i++) {
		struct order order = i ? tcp_order : unix_order;
		struct sockaddr_storage own = {0};
		socklen_t len = sizeof(own);
		int client;

		listen_for(&order);
		client = connect_client(&order);
		assert_true(client >= 0);
		serve(&order);
		assert_string_equal(why_nobody(client), "not a connection to the API");
		server = accept(listener, NULL, NULL);
		assert_int_equal(getsockname(client, (struct sockaddr *)&own, &len), 0);
		if (order.family == TCP4) { /* even from the API's own port */
			order.port = ((struct sockaddr_in *)&own)->sin_port;
			serve(&order);
			assert_string_equal(why_nobody(client), "the other end is a server");
		}
		close(client);
		close_fd(&server);
		close_fd(&listener);
		unlink(order.path);
	}
}

static void calls_connections_elsewhere_nobody(void **state)
{
	int pair[2];

	(void)state;
	NEEDS_ROOT();
	for (int family = TCP4; family <= UNIX; family++) {
		struct order elsewhere = {
			.family = TCP4, .path = "/tmp/elsewhere", .port = htons(1)};

		assert_true(ask_about((struct order){.family = family}).kind != PEER_NOBODY);
		serve(&elsewhere);
		assert_string_equal(why_nobody(server), "not a connection to the API");
		close_fd(&server);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_string_equal(why_nobody(pair[0]), "not a connection to the API");
	close(pair[0]);
	close(pair[1]);
}

static void works_on_itself(void **state)
{
	(void)state;
	NEEDS_ROOT();
	assert_int_equal(peer_self_check(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(names_clients_that_are_there, close_server),
		cmocka_unit_test_teardown(calls_clients_nobody_that_are_gone, close_server),
		cmocka_unit_test_teardown(notices_a_client_that_leaves_later, close_server),
		cmocka_unit_test_teardown(accepts_only_first_requests, close_server),
		cmocka_unit_test_teardown(peeks_without_taking, close_server),
		cmocka_unit_test(calls_everything_else_nobody),
		cmocka_unit_test_teardown(calls_the_connecting_end_nobody, close_server),
		cmocka_unit_test_teardown(calls_connections_elsewhere_nobody, close_server),
		cmocka_unit_test_teardown(
			calls_connections_of_another_network_nobody, close_server),
		cmocka_unit_test(works_on_itself),
	};

	return cmocka_run_group_tests(tests, drop_rights, NULL);
}
