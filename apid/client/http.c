/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static int set_timeouts(int fd, unsigned ms)
{
	const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) < 0)
		return -errno;
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) < 0 ? -errno : 0;
}

static int connect_to(int family, const struct sockaddr *address, socklen_t len, int *fd)
{
	_cleanup_close_ int sock = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (sock < 0)
		return -errno;
	r = set_timeouts(sock, HTTP_TIMEOUT_MS);
	if (r < 0)
		return r;
	if (connect(sock, address, len) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}

static int connect_unix(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	return connect_to(AF_UNIX, (struct sockaddr *)&address, sizeof(address), fd);
}

static int connect_tcp(const struct endpoint *endpoint, int *fd)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *all;
	int r = -EHOSTUNREACH;

	if (getaddrinfo(endpoint->host, endpoint->port, &hints, &all) != 0)
		return -EHOSTUNREACH;
	for (const struct addrinfo *a = all; a && r < 0; a = a->ai_next)
		r = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen, fd);
	freeaddrinfo(all);
	return r;
}

/* @tcp: whether it became the host. */
static int connect_any(const struct endpoint *endpoint, int *fd, bool *tcp)
{
	int r = -ENOENT;

	*tcp = false;
	if (endpoint->socket[0])
		r = connect_unix(endpoint->socket, fd);
	if (r == 0 || !endpoint->host[0])
		return r;
	*tcp = true;
	return connect_tcp(endpoint, fd);
}

static int send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_request(
	int fd, const struct endpoint *endpoint, bool tcp, const struct http_request *request)
{
	bool v6 = strchr(endpoint->host, ':'),
	     resumes = request->last_event_id && request->last_event_id[0];
	_cleanup_free_ char *text = NULL;
	char host[HTTP_HOST_SIZE + 16] = "localhost", length[48] = "";
	int len;

	if (tcp)
		snprintf(host, sizeof(host), "%s%s%s:%s", v6 ? "[" : "", endpoint->host,
			v6 ? "]" : "", endpoint->port);
	if (request->body)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(request->body));
	len = asprintf(&text, "%s %s HTTP/1.0\r\nHost: %s\r\nAccept: %s\r\n%s%s%s%s\r\n%s",
		request->method ? request->method : "GET", request->path, host,
		request->accept ? request->accept : "application/json", length,
		resumes ? "Last-Event-ID: " : "", resumes ? request->last_event_id : "",
		resumes ? "\r\n" : "", request->body ? request->body : "");
	if (len < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return send_all(fd, text, (size_t)len);
}

static long receive(int fd, char *buffer, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, buffer, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int read_head(struct http *http)
{
	long n, used;

	for (;;) {
		used = head_parse(http->buffer, http->len, &http->head);
		if (used < 0)
			return (int)used;
		if (used > 0)
			break;
		n = receive(http->fd, http->buffer + http->len, sizeof(http->buffer) - http->len);
		if (n <= 0)
			return n == 0 ? -EPROTO : n == -EAGAIN ? -ETIMEDOUT : (int)n;
		http->len += (size_t)n;
	}
	http->at = (size_t)used;
	http->left = http->head.length;
	return 0;
}

int http_open(
	struct http *http, const struct endpoint *endpoint, const struct http_request *request)
{
	_cleanup_close_ int fd = -1;
	bool tcp;
	int r = connect_any(endpoint, &fd, &tcp);

	if (r == 0)
		r = send_request(fd, endpoint, tcp, request);
	/* Who is refused may be answered before the whole request has been read. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return r;
	if (fd < 0)
		return r;
	http->fd = fd;
	http->at = http->len = 0;
	r = read_head(http);
	if (r == 0)
		(void)TAKE_FD(fd);
	else
		http->fd = -1;
	return r;
}

void http_close(struct http *http)
{
	close_fd(&http->fd);
}

int http_set_timeout(struct http *http, unsigned ms)
{
	return set_timeouts(http->fd, ms);
}

long http_read(struct http *http, char *buffer, size_t size)
{
	size_t ready = http->len - http->at;
	long n;

	if (http->head.sized)
		size = MIN(size, http->left);
	if (size == 0)
		return 0;
	if (ready > 0) {
		n = (long)MIN(size, ready);
		memcpy(buffer, http->buffer + http->at, (size_t)n);
		http->at += (size_t)n;
	} else {
		n = receive(http->fd, buffer, size);
	}
	if (n > 0 && http->head.sized)
		http->left -= (uint64_t)n;
	return n == 0 && http->head.sized ? -EPROTO : n;
}

int http_read_all(struct http *http, char **body, size_t *len)
{
	_cleanup_free_ char *data = NULL;
	size_t used = 0, size = 0;

	for (;;) {
		long n;

		if (used + 1 >= size) {
			char *grown;

			size = MAX(size * 2, 65536U);
			if (size > 2 * (size_t)HTTP_BODY_MAX)
				return -EFBIG;
			grown = realloc(data, size);
			if (!grown)
				return -ENOMEM;
			data = grown;
		}
		n = http_read(http, data + used, size - used - 1);
		if (n < 0)
			return n == -EAGAIN ? -ETIMEDOUT : (int)n;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > HTTP_BODY_MAX)
			return -EFBIG;
	}
	data[used] = '\0';
	*body = TAKE_PTR(data);
	*len = used;
	return 0;
}
