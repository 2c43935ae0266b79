/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Looks at the first bytes of a connection that has not been read yet: is the head of the request
 * there, and must enforcerd see the connection before the HTTP server reads it? Only looks; what
 * the request says is judged later. Pure.
 */
#pragma once

#include "apid/router.h"

/* A longer head is not waited for: the HTTP server refuses it. */
#define PEEK_HEAD_MAX 16384

enum peek {
	PEEK_MORE,  /* the head is not complete yet */
	PEEK_PLAIN, /* may be read */
	PEEK_CLAIM, /* enforcerd first */
};

/* trust: the first @len bytes of what a client sent. */
enum peek peek_head(const struct route_table *table, const char *data, size_t len);
