/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any bytes may stand in an audit file; whatever they are cut into, they must be read alike. */
#include <stdint.h>
#include <string.h>

#include "enforcerd/audit_past.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct audit_past whole, parts;
	size_t step = size > 0 ? data[0] % 64 + 1 : 1;

	audit_past_init(&whole);
	audit_past_init(&parts);
	audit_past_feed(&whole, (const char *)data, size);
	for (size_t i = 0; i < size; i += step)
		audit_past_feed(&parts, (const char *)data + i, MIN(step, size - i));
	audit_past_end(&whole);
	audit_past_end(&parts);
	if (whole.lines != parts.lines || whole.last_action != parts.last_action ||
		whole.cut != parts.cut || whole.held != parts.held ||
		whole.broken_line != parts.broken_line ||
		memcmp(whole.head, parts.head, sizeof(whole.head)) != 0 ||
		whole.open_count > AUDIT_OPEN_MAX)
		__builtin_trap();
	return 0;
}
