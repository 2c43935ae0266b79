/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any bytes as arguments: the result stays in its bounds, and nothing that stands before a secret
 * brings it to light. */
#include <assert.h>
#include <string.h>

#include "collectord/redact.h"

#define SECRET	 "Zq9hunter2Zq9"
#define ARGS_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *args;
	size_t len;
} endings[] = {
#define ENDING(text)                                                                               \
	{                                                                                          \
		text, sizeof(text)                                                                 \
	}
	ENDING("\0--password\0" SECRET),
	ENDING("\0--password=" SECRET),
	ENDING("\0DB_TOKEN=" SECRET),
	ENDING("\0Authorization: Bearer " SECRET),
	ENDING("\0https://user:" SECRET "@host/"),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char args[ARGS_MAX + 64], out[2 * ARGS_MAX + 64];
	size_t len = MIN(size, (size_t)ARGS_MAX), shown;

	for (size_t bound = 0; bound < 4; bound++)
		assert(redact_args((const char *)data, size, bound & 1, out, bound * 7) <=
			bound * 7);
	if (size > 0)
		memcpy(args, data, len);
	if (len >= strlen(SECRET) && memmem(args, len, SECRET, strlen(SECRET)))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		memcpy(args + len, endings[i].args, endings[i].len);
		shown = redact_args(args, len + endings[i].len, false, out, sizeof(out));
		assert(!memmem(out, shown, SECRET, strlen(SECRET)) && !memchr(out, '\0', shown));
	}
	return 0;
}
