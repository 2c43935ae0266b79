/* SPDX-License-Identifier: AGPL-3.0-only */
/* The head of an HTTP answer: status and length. Pure; keeps nothing else of it. */
#pragma once

#include "common/base.h"

#define HEAD_BYTES_MAX 16384

struct head {
	unsigned status; /* 100–599 */
	bool sized;	 /* it says its length; else the body ends with the connection */
	uint64_t length;
	bool is_events; /* text/event-stream */
};

/*
 * trust: bytes of whoever answers. Returns the bytes of the head with its empty line, 0 if that has
 * not come yet, or -EPROTO: no answer to an HTTP/1.0 request, or longer than HEAD_BYTES_MAX.
 */
must_check long head_parse(const char *data, size_t len, struct head *head);
