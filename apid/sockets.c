/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "common/link_socket.h"
#include "common/listen.h"

#define BACKLOG 512

/* Accepted sockets inherit these. */
static int set_options(int sock, sa_family_t family)
{
	const int on = 1, bytes = SOCKET_SEND_BYTES;

	if (setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) < 0 ||
		setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int socket_listen_tcp(const char *text, int *fd)
{
	struct sockaddr_storage address;
	_cleanup_close_ int sock = -1;
	const char *why;
	socklen_t len;
	int r = listen_parse(text, &address, &len, &why);

	if (r < 0)
		return r;
	sock = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	r = set_options(sock, address.ss_family);
	if (r < 0)
		return r;
	if (bind(sock, (struct sockaddr *)&address, len) < 0 || listen(sock, BACKLOG) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}

int socket_listen_unix(const char *path, int *fd)
{
	_cleanup_close_ int sock = -1;
	int r = link_socket_listen(path, NULL, 0666, &sock);

	if (r < 0)
		return r;
	if (listen(sock, BACKLOG) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}
