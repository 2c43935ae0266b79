/* SPDX-License-Identifier: AGPL-3.0-only */
/* Unix stream sockets with their owners checked on both sides. */
#pragma once

#include <sys/types.h>

#include "common/base.h"

#define API_SOCKET_DEFAULT "/run/linnix/apid/api.sock"

/*
 * Creates and listens on @path, replacing a stale socket of our own; its directory must exist and belong to us or to root
 * and be writable by nobody else. @group NULL keeps ours. Call as the daemon's own user: the peer sees who called listen().
 * -errno; -ENOENT names a missing directory or group, -EADDRINUSE another process that serves @path.
 */
must_check int link_socket_listen(const char *path, const char *group, mode_t mode, int *fd);

/*
 * Connects to @path. trust: the directory must belong to root or @owner, the socket and the process behind it to @owner;
 * otherwise -EPERM. -errno of connect() otherwise.
 */
must_check int link_socket_connect(const char *path, uid_t owner, int *fd);

/* uid of the process at the other end, when it connected or listened. */
must_check int link_socket_peer(int fd, uid_t *uid);

/* The path of the API's unix socket: @configured, but its default follows the run directory. */
void api_socket_path(const char *configured, char *path, size_t size);
