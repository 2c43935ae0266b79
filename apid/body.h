/* SPDX-License-Identifier: AGPL-3.0-only */
/* The body of a decision: one JSON object with approver and reason, whatever its content type says.
 * Pure. */
#pragma once

#include "common/base.h"

#define BODY_BYTES_MAX	  16384
#define BODY_APPROVER_MAX 128
#define BODY_REASON_MAX	  512

struct body {
	char approver[BODY_APPROVER_MAX + 1]; /* UTF-8 without control characters */
	char reason[BODY_REASON_MAX + 1];     /* "" if there is none */
};

/* trust: bytes from a client. 0, or -EINVAL; *why is static text. */
must_check int body_parse(const char *data, size_t len, struct body *body, const char **why);
