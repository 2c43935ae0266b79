/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Who is at the other end of a connected socket that somebody else passed to us: asked of the
 * kernel, never believed. Whoever cannot be proven to be there now is nobody.
 */
#pragma once

#include <sys/types.h>

#include "common/base.h"
#include "common/config.h"
#include "proto/frame.h"

struct peer {
	enum peer_kind kind; /* PEER_NOBODY: the rest means nothing */
	uid_t uid;	     /* of the socket's creator, in our user namespace */
	uint32_t pid;	     /* PEER_UNIX: who connected; else 0 */
	uint64_t cookie;     /* of the passed socket: the kernel gives each to one socket only */
};

#define APPROVAL_LABEL_BYTES 129
#define APPROVAL_USER_BYTES  64

/* Somebody who has decided: as proven, and as he calls himself. */
struct approval {
	enum peer_kind kind;
	uid_t uid;
	char label[APPROVAL_LABEL_BYTES], user[APPROVAL_USER_BYTES];
};

/* Opens the netlink socket, before the sandbox. 0 or -errno. */
must_check int peer_open(void);

/*
 * Where the API listens: on the unix socket @path (borrowed) and on the addresses in @listen. Only
 * a connection accepted there is evidence; before this call none is. 0 or -EINVAL.
 */
must_check int peer_serves(const char *path, const struct config_list *listen);

/* Looks ourselves up over loopback, before the sandbox. 0: lookups work; -errno: TCP clients will
 * all be nobody. */
must_check int peer_self_check(void);

/*
 * trust: @fd may be any descriptor. Fills @peer; *why (static text) says why it is nobody. @fresh:
 * nothing may have been read from the connection yet (TCP only: the kernel counts; for a unix
 * socket that is the passer's word).
 */
void peer_prove(int fd, bool fresh, struct peer *peer, const char **why);

/* Reads without taking: the bytes stay for the HTTP server. Returns their number or -errno. */
must_check ssize_t peer_peek(int fd, char *buffer, size_t size);
