/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What a client asks for, read from the first bytes it sent: the request line, and that no relay
 * stands between. Stricter than any HTTP server: what is not plainly one of our six requests is
 * none. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define REQUEST_HEAD_MAX 16384

struct request_head {
	enum verb verb;
	uint64_t action; /* of approve and reject */
};

/*
 * trust: @data is whatever the client sent. On 0 the head is whole, @head says what it asks
 * (VERB_NONE: something else) and nothing in it tells of a relay. -EAGAIN: the head is not whole;
 * -EPROTO: it is malformed; -EREMOTE: relayed. @head->verb and action are set as far as the request
 * line could be read also then.
 */
must_check int request_head_read(const char *data, size_t len, struct request_head *head);
