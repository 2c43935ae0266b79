/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/regex_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ruled/matcher.h"

/* {m,n} is unfolded; nested ones multiply. */
#define REPEATS_MAX 1000

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The largest number in the braces at @at. */
static unsigned long largest(const char *at)
{
	unsigned long most = 1;

	while (*at != '\0' && *at != '}') {
		char *end = (char *)at + 1;
		unsigned long number = is_digit(*at) ? strtoul(at, &end, 10) : 0;

		most = MAX(most, number);
		at = end;
	}
	return most;
}

/* Why not, or NULL. */
static const char *look_for_trouble(const char *pattern)
{
	unsigned long repeats = 1, most;

	for (const char *at = pattern; *at != '\0'; at++) {
		if (*at == '\\' && is_digit(at[1]))
			return "back references are not allowed";
		if (*at == '\\' && at[1] != '\0')
			at++;
		most = *at == '{' ? largest(at) : 1;
		if (most > REPEATS_MAX || (repeats *= most) > REPEATS_MAX)
			return "repetitions multiply to more than 1000";
	}
	return NULL;
}

int regex_check(const char *pattern, char *why, size_t size)
{
	const char *trouble = look_for_trouble(pattern);
	struct matcher matcher;

	if (!trouble && matcher_compile(&matcher, pattern, &trouble) == 0)
		return 0;
	snprintf(why, size, "%s", trouble);
	return -EINVAL;
}
