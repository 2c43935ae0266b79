/* SPDX-License-Identifier: AGPL-3.0-only */
/* A body is either taken with a plain approver and a bounded reason, or refused with why. */
#include <string.h>

#include "apid/body.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct body body;
	const char *why = NULL;

	if (body_parse((const char *)data, size, &body, &why) < 0) {
		if (!why)
			__builtin_trap();
		return 0;
	}
	if (!body.approver[0] || !text_is_plain(body.approver, strlen(body.approver)) ||
		strlen(body.reason) > BODY_REASON_MAX || size > BODY_BYTES_MAX)
		__builtin_trap();
	return 0;
}
