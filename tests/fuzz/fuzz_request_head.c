/* SPDX-License-Identifier: AGPL-3.0-only */
/* A head is accepted only if it is one of our six requests byte for byte, with no relay's header
 * in it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "enforcerd/request_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *data, const struct request_head *head)
{
	static const char *const formats[VERB_COUNT] = {
		[VERB_WHOAMI] = "GET /whoami",
		[VERB_APPROVE] = "POST /actions/action-%llu/approve",
		[VERB_REJECT] = "POST /actions/action-%llu/reject",
		[VERB_HOLD] = "POST /enforcement/hold",
		[VERB_RESUME] = "POST /enforcement/resume",
		[VERB_MUTE] = "POST /rules/mute",
	};
	char line[128];
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(line, sizeof(line), formats[head->verb], (unsigned long long)head->action);
#pragma GCC diagnostic pop
	if (memcmp(data, line, (size_t)n) != 0 || memcmp(data + n, " HTTP/1.", 8) != 0)
		__builtin_trap();
}

static void check_headers(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	if (!end)
		__builtin_trap();
	for (const char *at = data; at < end; at++)
		if (at[0] == '\n' && (strncasecmp(at + 1, "via:", 4) == 0 ||
					     strncasecmp(at + 1, "forwarded:", 10) == 0 ||
					     strncasecmp(at + 1, "x-forwarded", 11) == 0 ||
					     at[1] == ' ' || at[1] == '\t'))
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_head head;
	char *copy = malloc(size + 1);

	memcpy(copy, data, size);
	copy[size] = '\0';
	if (request_head_read(copy, size, &head) == 0 && head.verb != VERB_NONE) {
		check_line(copy, &head);
		check_headers(copy, size);
	}
	free(copy);
	return 0;
}
