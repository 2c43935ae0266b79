/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Loopback is no boundary in a browser's world: any page may send requests to it. These checks
 * refuse what a page of another origin can cause and what a rebound name reaches. They add to the
 * rights of the peer, never replace them. Pure.
 */
#pragma once

#include "apid/headers.h"
#include "common/config_list.h"

struct browser_listener {
	bool local;    /* a unix socket: browsers do not reach it, any one Host will do */
	uint16_t port; /* of a TCP listener */
	const struct config_list *allowed; /* further hosts */
};

enum browser_kind { BROWSER_READ, BROWSER_GET, BROWSER_WRITE };

/*
 * 0, or the HTTP status with which the request is refused; *why is static text. BROWSER_GET: a read
 * that may be a top-level navigation.
 */
unsigned browser_check(const struct headers *headers, const struct browser_listener *listener,
	enum browser_kind kind, const char **why);
