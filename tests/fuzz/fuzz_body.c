/* SPDX-License-Identifier: AGPL-3.0-only */
/* A body is either taken with a plain approver and a bounded reason, or refused with why. */
#include <string.h>

#include "apid/body.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mute(const struct body *body)
{
	size_t most = body->mute_kind == MUTE_CULPRIT ? COMM_BYTES - 1 : BODY_RULE_MAX;

	if ((body->mute_kind != MUTE_RULE && body->mute_kind != MUTE_CULPRIT) || !body->what[0] ||
		strlen(body->what) > most || !text_is_plain(body->what, strlen(body->what)) ||
		body->mute_secs > BODY_SECONDS_MAX || !body->approver[0])
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct body body;
	const char *why = NULL;

	if (body_parse((const char *)data, size, VERB_MUTE, &body, &why) == 0)
		check_mute(&body);
	else if (!why)
		__builtin_trap();
	why = NULL;
	if (body_parse((const char *)data, size, VERB_APPROVE, &body, &why) < 0) {
		if (!why)
			__builtin_trap();
		return 0;
	}
	if (!body.approver[0] || !text_is_plain(body.approver, strlen(body.approver)) ||
		strlen(body.reason) > BODY_REASON_MAX || size > BODY_BYTES_MAX)
		__builtin_trap();
	return 0;
}
