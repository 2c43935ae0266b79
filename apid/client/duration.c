/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/duration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const struct {
	char unit;
	uint64_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

int duration_parse(const char *text, uint64_t *seconds)
{
	size_t len = strlen(text);
	uint64_t number;
	int r;

	for (size_t i = 0; len > 0 && i < ARRAY_LEN(units); i++) {
		if (text[len - 1] != units[i].unit)
			continue;
		r = text_to_u64(text, len - 1, DURATION_MAX_SECS / units[i].seconds, &number);
		if (r == 0)
			*seconds = number * units[i].seconds;
		return r;
	}
	return -EINVAL;
}

const char *duration_text(uint64_t seconds, char out[DURATION_TEXT_SIZE])
{
	for (size_t i = 0; i + 1 < ARRAY_LEN(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "%c %" PRIu64 "%c",
			seconds / units[i].seconds, units[i].unit,
			seconds % units[i].seconds / units[i + 1].seconds, units[i + 1].unit);
		return out;
	}
	snprintf(out, DURATION_TEXT_SIZE, "%" PRIu64 "s", seconds);
	return out;
}
