/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The body of a decision: one JSON object with approver and reason, whatever its content type says;
 * of a mute also what is muted and for how long. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define BODY_BYTES_MAX	  16384
#define BODY_APPROVER_MAX 128
#define BODY_REASON_MAX	  512
#define BODY_RULE_MAX	  128
#define BODY_SECONDS_MAX  (7 * 24 * 3600)

struct body {
	char approver[BODY_APPROVER_MAX + 1]; /* UTF-8 without control characters */
	char reason[BODY_REASON_MAX + 1];     /* "" if there is none */
	/* Of VERB_MUTE only. */
	enum mute_kind mute_kind;
	char what[BODY_RULE_MAX + 1]; /* the rule, or the culprit's comm */
	uint32_t mute_secs;	      /* 0: mute no more */
};

/* trust: bytes from a client. 0, or -EINVAL; *why is static text. */
must_check int body_parse(
	const char *data, size_t len, enum verb verb, struct body *body, const char **why);
