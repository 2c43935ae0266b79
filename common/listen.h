/* SPDX-License-Identifier: AGPL-3.0-only */
/* Addresses to listen on, as written in the configuration. Pure; never resolves a name. */
#pragma once

#include <sys/socket.h>

#include "common/base.h"

/*
 * Reads "127.0.0.1:3000" or "[::1]:3000": a loopback address (127.0.0.0/8 or ::1) and a port from 1
 * to 65535. Returns 0 and *address with its *len, or -EINVAL and in *why (static text) what is
 * wrong.
 */
must_check int listen_parse(
	const char *text, struct sockaddr_storage *address, socklen_t *len, const char **why);
