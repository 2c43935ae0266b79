/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/json_line.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

void json_line_init(struct json_line *line, char *buffer, size_t size)
{
	*line = (struct json_line){.data = buffer, .size = size};
	buffer[0] = '\0';
}

static void put(struct json_line *line, const char *data, size_t len)
{
	if (line->full || line->used + len >= line->size) {
		line->full = true;
		return;
	}
	memcpy(line->data + line->used, data, len);
	line->used += len;
	line->data[line->used] = '\0';
}

static void put_string(struct json_line *line, const char *string)
{
	put(line, string, strlen(string));
}

/* What stands before a value: comma and key. Keys are our own names. */
static void begin(struct json_line *line, const char *key)
{
	if (line->comma)
		put(line, ",", 1);
	line->comma = true;
	if (!key)
		return;
	put(line, "\"", 1);
	put_string(line, key);
	put(line, "\":", 2);
}

void json_line_open(struct json_line *line, const char *key, char bracket)
{
	begin(line, key);
	put(line, &bracket, 1);
	line->comma = false;
}

void json_line_close(struct json_line *line, char bracket)
{
	put(line, &bracket, 1);
	line->comma = true;
}

void json_line_text(struct json_line *line, const char *key, const char *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	begin(line, key);
	put(line, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t n = text_utf8_length(data + i, len - i);
		unsigned char c = (unsigned char)data[i];

		if (n == 0) /* shown as \xHH, whose backslash JSON wants doubled */
			put(line, (char[]){'\\', '\\', 'x', hex[c >> 4], hex[c & 15]}, 5);
		else if (c == '"')
			put(line, "\\\"", 2);
		else
			put(line, data + i, n);
		i += n ? n : 1;
	}
	put(line, "\"", 1);
}

void json_line_string(struct json_line *line, const char *key, const char *string)
{
	json_line_text(line, key, string, strlen(string));
}

void json_line_u64(struct json_line *line, const char *key, uint64_t value)
{
	char digits[24];

	begin(line, key);
	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	put_string(line, digits);
}

void json_line_number(struct json_line *line, const char *key, double value, int digits)
{
	char text[400];
	size_t len;

	begin(line, key);
	if (!isfinite(value)) {
		put_string(line, "null");
		return;
	}
	snprintf(text, sizeof(text), "%.*f", digits, value);
	len = strlen(text);
	while (digits > 0 && text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	put(line, text, len);
}

void json_line_seconds(struct json_line *line, const char *key, uint64_t ns)
{
	char text[40];

	begin(line, key);
	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, (uint64_t)(ns / NSEC_PER_SEC),
		(uint64_t)(ns % NSEC_PER_SEC / 1000));
	put_string(line, text);
}

void json_line_bool(struct json_line *line, const char *key, bool value)
{
	begin(line, key);
	put_string(line, value ? "true" : "false");
}

void json_line_null(struct json_line *line, const char *key)
{
	begin(line, key);
	put_string(line, "null");
}
