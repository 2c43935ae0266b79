/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/listen.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* As include/net/tcp_states.h numbers them. */
enum tcp_state {
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_FIN_WAIT2 = 5,
	TCP_STATE_CLOSE_WAIT = 8,
	TCP_STATE_LISTEN = 10
};

#define NOBODY(text) (*why = (text), -EACCES)

static int netlink_fd = -1;
static uint32_t netlink_sequence;

/* The two ends of a connection as the client sees them; IPv4 also where the socket is IPv6 with
 * mapped addresses. */
struct tuple {
	int family;
	uint16_t client_port, server_port; /* network order */
	uint32_t client[4], server[4];
};

/* Where apid listens: a connection that was not accepted there is somebody else's. */
static struct {
	const char *path;
	unsigned count;
	struct tuple tcp[CONFIG_LISTEN_MAX]; /* the server's half of each */
} doors;

int peer_open(void)
{
	netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
	return netlink_fd < 0 ? -errno : 0;
}

static int get_option(int fd, int option, void *value, socklen_t size)
{
	socklen_t len = size;

	if (getsockopt(fd, SOL_SOCKET, option, value, &len) < 0)
		return -errno;
	return len == size ? 0 : -EINVAL;
}

static bool option_is(int fd, int option, int wanted)
{
	int value;

	return get_option(fd, option, &value, sizeof(value)) == 0 && value == wanted;
}

/* Puts one address into IPv4 form if it is mapped. Returns the family, or 0 for what is not
 * loopback. */
static int plain_address(const struct sockaddr_storage *from, uint32_t address[4], uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	bool mapped = from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

	memset(address, 0, 4 * sizeof(address[0]));
	if (from->ss_family == AF_INET6 && !mapped) {
		memcpy(address, &in6->sin6_addr, sizeof(in6->sin6_addr));
		*port = in6->sin6_port;
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ? AF_INET6 : 0;
	}
	if (from->ss_family != AF_INET && !mapped)
		return 0;
	address[0] = mapped ? ((const uint32_t *)&in6->sin6_addr)[3] : in->sin_addr.s_addr;
	*port = mapped ? in6->sin6_port : in->sin_port;
	return ntohl(address[0]) >> 24 == IN_LOOPBACKNET ? AF_INET : 0;
}

static int read_tuple(int fd, struct tuple *tuple)
{
	struct sockaddr_storage here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	if (getsockname(fd, (struct sockaddr *)&here, &here_len) < 0 ||
		getpeername(fd, (struct sockaddr *)&there, &there_len) < 0)
		return -errno;
	tuple->family = plain_address(&there, tuple->client, &tuple->client_port);
	if (tuple->family == 0 ||
		plain_address(&here, tuple->server, &tuple->server_port) != tuple->family)
		return -EADDRNOTAVAIL;
	return 0;
}

int peer_serves(const char *path, const struct config_list *listen)
{
	doors.path = path;
	doors.count = 0;
	for (unsigned i = 0; i < listen->count && doors.count < ARRAY_LEN(doors.tcp); i++) {
		struct tuple *door = &doors.tcp[doors.count];
		struct sockaddr_storage address;
		const char *why;
		socklen_t len;
		int r = listen_parse(listen->items[i], &address, &len, &why);

		if (r < 0)
			return r;
		door->family = plain_address(&address, door->server, &door->server_port);
		doors.count++;
	}
	return 0;
}

static bool is_tcp_door(const struct tuple *tuple)
{
	for (unsigned i = 0; i < doors.count; i++)
		if (doors.tcp[i].family == tuple->family &&
			doors.tcp[i].server_port == tuple->server_port &&
			memcmp(doors.tcp[i].server, tuple->server, sizeof(tuple->server)) == 0)
			return true;
	return false;
}

/*
 * An accepted socket has its listener's name and a client without one. The connecting end looks at
 * the listener instead: whoever started that would be taken for the client.
 */
static bool is_unix_door(int fd)
{
	struct sockaddr_un here = {0}, there = {0};
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	if (!doors.path || getsockname(fd, (struct sockaddr *)&here, &here_len) < 0 ||
		getpeername(fd, (struct sockaddr *)&there, &there_len) < 0)
		return false;
	return there_len <= offsetof(struct sockaddr_un, sun_path) &&
	       here_len > offsetof(struct sockaddr_un, sun_path) &&
	       strnlen(here.sun_path, sizeof(here.sun_path)) == strlen(doors.path) &&
	       strncmp(here.sun_path, doors.path, sizeof(here.sun_path)) == 0;
}

/* A kernel before 5.14 has no cookies: then both ends are taken to be in the namespace both daemons
 * were started in. */
static bool same_network(int fd)
{
	uint64_t passed = 0, ours = 0;
	int r = get_option(netlink_fd, SO_NETNS_COOKIE, &ours, sizeof(ours));

	if (r == -ENOPROTOOPT)
		return true;
	return r == 0 && get_option(fd, SO_NETNS_COOKIE, &passed, sizeof(passed)) == 0 &&
	       passed == ours;
}

static bool still_connected(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) < 0)
		return false;
	return info->tcpi_state == TCP_STATE_ESTABLISHED ||
	       info->tcpi_state == TCP_STATE_CLOSE_WAIT;
}

/* All bytes the client ever sent still wait to be read; a FIN counts as one. */
static bool nothing_read(int fd, const struct tcp_info *info)
{
	uint64_t fin = info->tcpi_state == TCP_STATE_CLOSE_WAIT;
	int waiting;

	return ioctl(fd, FIONREAD, &waiting) == 0 &&
	       info->tcpi_bytes_received == (uint64_t)waiting + fin;
}

/* Asks for exactly one socket: the one whose own end is the client's. */
static int ask(const struct tuple *tuple)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ++netlink_sequence},
		.request = {.sdiag_family = (uint8_t)tuple->family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = ~0U,
			.id = {.idiag_sport = tuple->client_port,
				.idiag_dport = tuple->server_port,
				.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	memcpy(message.request.id.idiag_src, tuple->client, sizeof(tuple->client));
	memcpy(message.request.id.idiag_dst, tuple->server, sizeof(tuple->server));
	if (sendto(netlink_fd, &message, sizeof(message), 0, (const struct sockaddr *)&kernel,
		    sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

/* The kernel answers while it is asked; answers to earlier questions are skipped. */
static int hear(struct inet_diag_msg *answer)
{
	union {
		struct nlmsghdr header;
		char bytes[8192];
	} message;
	struct sockaddr_nl from;
	socklen_t from_len = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(netlink_fd, &message, sizeof(message), 0, (struct sockaddr *)&from,
			&from_len);
		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof(message.header) || from.nl_pid != 0)
			return -EPROTO;
	} while (message.header.nlmsg_seq != netlink_sequence);
	if (message.header.nlmsg_type == NLMSG_ERROR &&
		n >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return ((struct nlmsgerr *)NLMSG_DATA(&message.header))->error ?: -EPROTO;
	if (message.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		n < (ssize_t)NLMSG_LENGTH(sizeof(*answer)))
		return -EPROTO;
	memcpy(answer, NLMSG_DATA(&message.header), sizeof(*answer));
	return 0;
}

/* The answer's end points in the tuple's form: a mapped client answers with IPv6 addresses. */
static bool answers(const struct inet_diag_msg *answer, const struct tuple *tuple)
{
	const uint32_t *client = answer->id.idiag_src, *server = answer->id.idiag_dst;
	bool mapped = tuple->family == AF_INET && answer->idiag_family == AF_INET6;
	size_t words = tuple->family == AF_INET ? 1 : 4;

	if (answer->id.idiag_sport != tuple->client_port ||
		answer->id.idiag_dport != tuple->server_port)
		return false;
	if (!mapped && answer->idiag_family != tuple->family)
		return false;
	if (mapped) {
		if (!IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)client) ||
			!IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)server))
			return false;
		client += 3;
		server += 3;
	}
	return memcmp(client, tuple->client, words * 4) == 0 &&
	       memcmp(server, tuple->server, words * 4) == 0;
}

/* Whoever connects from a port that is listened on is a server, and our end the client's. */
static bool client_listens(const struct tuple *tuple)
{
	struct tuple listener = *tuple;
	struct inet_diag_msg answer;
	int r;

	listener.server_port = 0;
	memset(listener.server, 0, sizeof(listener.server));
	r = ask(&listener);
	if (r == 0)
		r = hear(&answer);
	return r != -ENOENT && (r < 0 || answer.idiag_state == TCP_STATE_LISTEN);
}

/* trust: the kernel's answer, under every condition that tells a client from what only looks like
 * one. */
static int prove_client(
	int fd, const struct tuple *tuple, bool fresh, struct peer *peer, const char **why)
{
	struct inet_diag_msg answer;
	struct tcp_info info;

	if (!still_connected(fd, &info))
		return NOBODY("the caller's connection is gone");
	if (fresh && !nothing_read(fd, &info))
		return NOBODY("not the first request of its connection");
	if (ask(tuple) < 0 || hear(&answer) < 0)
		return NOBODY("the caller's socket was not found");
	if (!answers(&answer, tuple))
		return NOBODY("the kernel answered for another socket");
	/* An orphaned or time-wait socket would be reported as uid 0, inode 0. */
	if (answer.idiag_inode == 0)
		return NOBODY("the caller has closed its socket");
	/* One that has closed its sending half is in FIN_WAIT2 once that is acknowledged, within 40
	 * ms; sooner it is nobody. */
	if (answer.idiag_state != TCP_STATE_ESTABLISHED &&
		answer.idiag_state != TCP_STATE_FIN_WAIT2)
		return NOBODY("the caller's socket is closing");
	if (!still_connected(fd, &info))
		return NOBODY("the caller's connection is gone");
	peer->kind = PEER_TCP;
	peer->uid = answer.idiag_uid;
	return 0;
}

static int prove_tcp(int fd, bool fresh, struct peer *peer, const char **why)
{
	struct tuple tuple;

	if (read_tuple(fd, &tuple) < 0)
		return NOBODY("not a loopback connection");
	if (!same_network(fd))
		return NOBODY("a connection of another network namespace");
	if (!is_tcp_door(&tuple))
		return NOBODY("not a connection to the API");
	if (client_listens(&tuple))
		return NOBODY("the other end is a server");
	return prove_client(fd, &tuple, fresh, peer, why);
}

static int prove_unix(int fd, struct peer *peer, const char **why)
{
	struct pollfd state = {.fd = fd};
	struct ucred cred;

	if (!is_unix_door(fd))
		return NOBODY("not a connection to the API");
	if (get_option(fd, SO_PEERCRED, &cred, sizeof(cred)) < 0 || cred.uid == (uid_t)-1)
		return NOBODY("not a connected socket");
	if (poll(&state, 1, 0) != 0) /* without being asked for: POLLHUP, POLLERR, POLLNVAL */
		return NOBODY("the caller's connection is gone");
	peer->kind = PEER_UNIX;
	peer->uid = cred.uid;
	peer->pid = (uint32_t)cred.pid;
	return 0;
}

void peer_prove(int fd, bool fresh, struct peer *peer, const char **why)
{
	struct peer found = {.kind = PEER_NOBODY};
	int r;

	*why = "";
	if (!option_is(fd, SO_TYPE, SOCK_STREAM) || !option_is(fd, SO_ACCEPTCONN, 0) ||
		get_option(fd, SO_COOKIE, &found.cookie, sizeof(found.cookie)) < 0)
		r = NOBODY("not a connected stream socket");
	else if (option_is(fd, SO_DOMAIN, AF_UNIX))
		r = prove_unix(fd, &found, why);
	else if (option_is(fd, SO_PROTOCOL, IPPROTO_TCP))
		r = prove_tcp(fd, fresh, &found, why);
	else
		r = NOBODY("neither a unix nor a TCP socket");
	if (r < 0)
		found.kind = PEER_NOBODY;
	*peer = found;
}

ssize_t peer_peek(int fd, char *buffer, size_t size)
{
	ssize_t n = recvfrom(fd, buffer, size, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);

	return n < 0 ? -errno : n;
}

int peer_self_check(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_close_ int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_close_ int server = -1;
	socklen_t len = sizeof(address);
	struct peer peer = {.kind = PEER_NOBODY};
	struct tuple tuple;
	const char *why;

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(listener, 1) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &len) < 0 ||
		connect(client, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		return -errno;
	if (read_tuple(server, &tuple) < 0 || client_listens(&tuple) ||
		prove_client(server, &tuple, true, &peer, &why) < 0)
		return -ENOENT;
	return peer.kind == PEER_TCP && peer.uid == geteuid() ? 0 : -ENOENT;
}
