/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any pattern on any text, against a matcher that fills the whole table of pattern × text. */
#include <assert.h>
#include <string.h>

#include "common/glob.h"

#define PATTERN_MAX 64
#define TEXT_MAX    256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One element of a pattern as the set of bytes it takes. */
struct element {
	bool star, open; /* open: a bracket without its end takes nothing */
	bool takes[256];
};

/* Reads the set after a '['; returns the bytes it has, 0 if it is open. */
static size_t read_set(const char *p, struct element *element)
{
	size_t i = p[0] == '!', first = i;

	while (p[i] && (p[i] != ']' || i == first)) {
		unsigned from = (unsigned char)p[i], to = from;

		if (p[i + 1] == '-' && p[i + 2] && p[i + 2] != ']') {
			to = (unsigned char)p[i + 2];
			i += 2;
		}
		i++;
		for (unsigned c = from; c <= to; c++)
			element->takes[c] = true;
	}
	if (!p[i])
		return 0;
	for (unsigned c = 0; c < 256 && first; c++)
		element->takes[c] = !element->takes[c];
	return i + 1;
}

static unsigned read_pattern(const char *p, struct element *elements)
{
	unsigned count = 0;

	while (*p) {
		struct element *element = &elements[count++];
		size_t len = 1;

		*element = (struct element){.star = *p == '*'};
		if (*p == '?') {
			memset(element->takes, true, sizeof(element->takes));
		} else if (*p == '[') {
			len = read_set(p + 1, element) + 1;
			if (len == 1) {
				element->open = true;
				break;
			}
		} else {
			element->takes[(unsigned char)*p] = true;
		}
		p += len;
	}
	return count;
}

static bool match(const struct element *elements, unsigned count, const uint8_t *text, size_t len)
{
	bool row[TEXT_MAX + 1] = {true}, next[TEXT_MAX + 1];

	for (unsigned e = 0; e < count; e++) {
		next[0] = elements[e].star && row[0];
		for (size_t i = 0; i < len; i++)
			next[i + 1] = elements[e].star ? row[i + 1] || next[i]
						       : row[i] && !elements[e].open &&
								 elements[e].takes[text[i]];
		memcpy(row, next, sizeof(row));
	}
	return row[len];
}

/* The input: a pattern, a NUL, a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct element elements[PATTERN_MAX];
	const uint8_t *end = memchr(data, 0, size);
	struct text text;
	const char *why;
	unsigned count;

	if (size == 0 || !end || end - data > PATTERN_MAX)
		return 0;
	text = (struct text){(const char *)end + 1, size - (size_t)(end - data) - 1};
	if (text.len > TEXT_MAX)
		return 0;
	count = read_pattern((const char *)data, elements);
	assert(glob_match((const char *)data, text) ==
		match(elements, count, (const uint8_t *)text.data, text.len));
	if (count > 0 && elements[count - 1].open)
		assert(glob_check((const char *)data, &why) < 0);
	return 0;
}
