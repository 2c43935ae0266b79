/* SPDX-License-Identifier: AGPL-3.0-only */
/* Opens the sockets of the HTTP API. Never listens beyond this host. */
#pragma once

#include "common/base.h"

#define SOCKET_SEND_BYTES                                                                          \
	65536 /* small: what a slow reader leaves waits with us, where it is bounded */

/*
 * @text: an address that has passed listen_parse(). 0 and *fd; -EADDRINUSE; -EAFNOSUPPORT or
 * -EADDRNOTAVAIL if this host has no such address family or address; -errno.
 */
must_check int socket_listen_tcp(const char *text, int *fd);

/* The unix socket, open to everyone: rights come from the peer. 0 and *fd, or -errno. */
must_check int socket_listen_unix(const char *path, int *fd);
