/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/text.h"

#include <errno.h>
#include <string.h>

struct utf8_class {
	unsigned char first_min, first_max; /* range of the first byte */
	unsigned char second_min, second_max;
	unsigned char length;
};

/* Well-formed byte sequences of the Unicode standard (table 3-7), without U+0080–U+009F. */
static const struct utf8_class utf8_classes[] = {
	{0xc2, 0xc2, 0xa0, 0xbf, 2},
	{0xc3, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* U+2028 to U+202E and U+2066 to U+2069 begin another line or turn the order of what follows, so that it reads as
 * something else. */
static bool turns_text(const unsigned char *at)
{
	return at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
				 (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

static size_t multibyte_length(const unsigned char *at, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(utf8_classes); i++) {
		const struct utf8_class *class = &utf8_classes[i];

		if (at[0] < class->first_min || at[0] > class->first_max)
			continue;
		if (len < class->length || at[1] < class->second_min || at[1] > class->second_max)
			return 0;
		for (size_t k = 2; k < class->length; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return turns_text(at) ? 0 : class->length;
	}
	return 0;
}

size_t text_utf8_length(const char *data, size_t len)
{
	const unsigned char *at = (const unsigned char *)data;

	if (len == 0)
		return 0;
	if (at[0] < 0x80)
		return at[0] >= ' ' && at[0] != 0x7f && at[0] != '\\';
	return multibyte_length(at, len);
}

size_t text_escape(const char *data, size_t len, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		size_t n = text_utf8_length(data + i, len - i);

		if (used + (n ? n : 4) >= size)
			break;
		if (n > 0) {
			memcpy(out + used, data + i, n);
			used += n;
			i += n;
			continue;
		}
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = hex[(unsigned char)data[i] >> 4];
		out[used++] = hex[(unsigned char)data[i] & 15];
		i++;
	}
	out[used] = '\0';
	return used;
}

bool text_is_plain(const char *data, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = data[i] == '\\' ? 1 : text_utf8_length(data + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

int text_to_u64(const char *data, size_t len, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;

	if (len == 0 || (len > 1 && data[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (data[i] < '0' || data[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(data[i] - '0'), &n))
			return -ERANGE;
	}
	if (n > max)
		return -ERANGE;
	*value = n;
	return 0;
}
