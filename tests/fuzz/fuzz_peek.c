/* SPDX-License-Identifier: AGPL-3.0-only */
/* Only a whole head asks for a claim, only for one of the claimed routes, and more bytes behind it
 * change nothing. */
#include <string.h>

#include "apid/peek.h"
#include "apid/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool names_claimed_route(const char *data, size_t size)
{
	static const char *const starts[] = {
		"GET /whoami", "HEAD /whoami", "POST /actions/action-", "POST /enforcement/", "POST /rules/mute"};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (size > strlen(starts[i]) && memcmp(data, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	enum peek whole;

	memcpy(copy, data, size);
	whole = peek_head(&api_routes, copy, size);
	if (whole == PEEK_CLAIM && !names_claimed_route(copy, size))
		__builtin_trap();
	copy[size] = '\n';
	if (whole != PEEK_MORE && peek_head(&api_routes, copy, size + 1) != whole)
		__builtin_trap();
	if (whole == PEEK_MORE && memmem(copy, size, "\n\n", 2))
		__builtin_trap();
	free(copy);
	return 0;
}
