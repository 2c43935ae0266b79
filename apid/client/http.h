/* SPDX-License-Identifier: AGPL-3.0-only */
/* One HTTP/1.0 request, one answer, over the unix socket or TCP. Blocks; says nothing. */
#pragma once

#include "apid/client/head.h"
#include "common/base.h"

#define HTTP_BODY_MAX	 (64U << 20)
#define HTTP_TIMEOUT_MS	 30000 /* of an answer */
#define HTTP_SOCKET_SIZE 108
#define HTTP_HOST_SIZE	 256

/* Where to ask: the unix socket if it has one, else, or if nobody is there and it may, the host. */
struct endpoint {
	char socket[HTTP_SOCKET_SIZE]; /* "": none */
	char host[HTTP_HOST_SIZE];     /* "": none; without brackets */
	char port[8];
};

/* http://HOST[:PORT], with HOST a name, an IPv4 address or an IPv6 one in brackets. 0 or -EINVAL.
 */
must_check int endpoint_url(struct endpoint *endpoint, const char *url);

/* For messages: "/run/…/api.sock and http://127.0.0.1:3000". Returns @out. */
const char *endpoint_text(const struct endpoint *endpoint, char *out, size_t size);

struct http_request {
	const char *method;	   /* NULL: GET */
	const char *path;	   /* encoded, with its query */
	const char *body;	   /* NULL: none */
	const char *accept;	   /* NULL: application/json */
	const char *last_event_id; /* NULL or "": none */
};

/* An answer whose head has come. */
struct http {
	int fd;
	struct head head;
	char buffer[HEAD_BYTES_MAX]; /* [at, len): bytes of the body that came with the head */
	size_t at, len;
	uint64_t left; /* of a sized body */
};

/*
 * Asks and reads the head. -errno of connect() if nobody is there (of the last address),
 * -ETIMEDOUT, -EPROTO: the answer is no HTTP. On success the caller calls http_close().
 */
must_check int http_open(
	struct http *http, const struct endpoint *endpoint, const struct http_request *request);
void http_close(struct http *http);

/* How long http_read() waits, from now on. */
must_check int http_set_timeout(struct http *http, unsigned ms);

/* The next bytes of the body: their number, 0 at its end, -EAGAIN after the timeout, -errno.
 * -EPROTO: cut short. */
must_check long http_read(struct http *http, char *buffer, size_t size);

/* The whole rest of the body, NUL-terminated; the caller frees it. -EFBIG: more than HTTP_BODY_MAX.
 */
must_check int http_read_all(struct http *http, char **body, size_t *len);

/* Appends @text, percent-encoded, to @out; what does not fit is -ENAMETOOLONG. */
must_check int url_append(char *out, size_t size, const char *text);
