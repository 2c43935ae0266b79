/* SPDX-License-Identifier: AGPL-3.0-only */
/* text and json_line: whatever the bytes, what is shown is plain, fits, and does not end its string. */
#include "common/json_line.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void escape(const char *bytes, size_t len, size_t room)
{
	_cleanup_free_ char *out = malloc(room);
	size_t used;

	CHECK(out);
	used = text_escape(bytes, len, out, room);
	CHECK(used < room && out[used] == '\0' && strlen(out) == used);
	CHECK(text_is_plain(out, used));
}

static void write_line(const char *bytes, size_t len, size_t room)
{
	_cleanup_free_ char *out = malloc(room);
	struct json_line line;
	size_t quotes = 0;

	CHECK(out);
	json_line_init(&line, out, room);
	json_line_text(&line, NULL, bytes, len);
	CHECK(line.used < room && strlen(out) == line.used);
	for (size_t i = 0; i < line.used; i++) {
		CHECK((unsigned char)out[i] >= ' ' && out[i] != 0x7f);
		if (out[i] == '\\')
			i++;
		else
			quotes += out[i] == '"';
	}
	CHECK(quotes == 2 || line.full);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *exact = NULL;
	uint64_t number;
	size_t len, room;

	if (size < 1)
		return 0;
	room = 1 + (size_t)data[0] * 4;
	len = size - 1;
	exact = malloc(MAX(len, (size_t)1)); /* so that a byte too far is seen */
	CHECK(exact);
	memcpy(exact, data + 1, len);
	escape(exact, len, room);
	escape(exact, len, 4 * len + 1);
	write_line(exact, len, room);
	write_line(exact, len, 5 * len + 3);
	if (text_to_u64(exact, len, UINT64_MAX, &number) == 0) {
		char digits[32];

		CHECK(snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number) == (int)len);
		CHECK(memcmp(digits, exact, len) == 0);
	}
	return 0;
}
