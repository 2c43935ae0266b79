/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define HEX_DIGITS_MAX 16

int incident_hex(const char *text, size_t len, uint64_t *number)
{
	uint64_t value = 0;

	if (len == 0 || len > HEX_DIGITS_MAX || (text[0] == '0' && len > 1))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return -EINVAL;
	}
	*number = value;
	return 0;
}

int incident_id_parse(const char *text, size_t len, struct incident_id *id)
{
	const char *dash = len ? memchr(text, '-', len) : NULL;
	size_t hex = dash ? (size_t)(dash - text) : 0;
	struct incident_id parsed;

	if (!dash || incident_hex(text, hex, &parsed.epoch) < 0)
		return -EINVAL;
	if (text_to_u64(dash + 1, len - hex - 1, UINT64_MAX, &parsed.counter) < 0 ||
		parsed.counter == 0)
		return -EINVAL;
	*id = parsed;
	return 0;
}

const char *incident_id_format(struct incident_id id, char *buffer)
{
	snprintf(buffer, INCIDENT_ID_BYTES, "%llx-%llu", (unsigned long long)id.epoch,
		(unsigned long long)id.counter);
	return buffer;
}
