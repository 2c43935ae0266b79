/* SPDX-License-Identifier: AGPL-3.0-only */
/* What the matcher finds is what the library finds, on texts so short that the library is quick. */
#include <regex.h>
#include <string.h>

#include "ruled/matcher.h"
#include "ruled/regex_check.h"

#define PATTERN_MAX 16
#define TEXT_MAX    24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An empty text has its end before its beginning only here. */
static bool is_odd(const char *pattern)
{
	const char *end = strchr(pattern, '$');

	return end && strchr(end, '^');
}

/* The library needs very long to read some that repeat what is repeated, many times. */
static bool is_slow(const char *pattern)
{
	for (const char *at = pattern; (at = strchr(at, '{')); at++)
		if (strcspn(at, "}") > 2 || strchr(at + 1, '{'))
			return true;
	return false;
}

/* The pattern is what stands before the first newline. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = newline ? (size_t)(newline - data) : size;
	char pattern[PATTERN_MAX + 1] = "", text[TEXT_MAX + 1] = "", why[256];
	struct matcher matcher;
	const char *reason = NULL;
	regex_t regex;
	bool found;

	if (len > PATTERN_MAX || size - len > TEXT_MAX + 1)
		return 0;
	memcpy(pattern, data, len);
	if (newline)
		memcpy(text, newline + 1, size - len - 1);
	if (strlen(pattern) != len || regex_check(pattern, why, sizeof(why)) < 0)
		return 0;
	if (matcher_compile(&matcher, pattern, &reason) < 0)
		__builtin_trap(); /* regex_check() has compiled it */
	found = matcher_finds(&matcher, (struct text){text, strlen(text)});
	if (is_odd(pattern) || is_slow(pattern) ||
		regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return 0;
	if (found != (regexec(&regex, text, 0, NULL, 0) == 0))
		__builtin_trap();
	regfree(&regex);
	return 0;
}
