/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The few header fields apid looks at, each with how often it came, and whether the message's
 * length is beyond doubt. Never picks one of several. Pure.
 */
#pragma once

#include "common/base.h"

enum header {
	HEADER_HOST,
	HEADER_ORIGIN,
	HEADER_FETCH_SITE,
	HEADER_FETCH_MODE,
	HEADER_FETCH_DEST,
	HEADER_CONTENT_LENGTH,
	HEADER_TRANSFER_ENCODING,
	HEADER_IF_MATCH,
	HEADER_IF_NONE_MATCH,
	HEADER_ACCEPT,
	HEADER_LAST_EVENT_ID,
	HEADER_COUNT,
};

struct headers {
	const char *value[HEADER_COUNT]; /* the first one; borrowed */
	unsigned count[HEADER_COUNT];
	bool malformed; /* a field name that is no token */
};

/* trust: names and values as the client sent them. */
void headers_add(struct headers *headers, const char *name, const char *value);

/*
 * 0, or the HTTP status with which a message of doubtful length is refused (the connection must be
 * closed then); *why is static text. @bodiless: the HTTP server does not read a body for this
 * method.
 */
unsigned headers_framing(const struct headers *headers, bool bodiless, const char **why);

/* True if Accept names this media type, whatever its weight. */
bool headers_accept(const struct headers *headers, const char *type);

/* True if If-None-Match names @tag (an ETag with its quotation marks), so that the client has it.
 */
bool headers_has(const struct headers *headers, const char *tag);
