/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/glob.h"

#include <errno.h>

/* One range of a set; a single byte is a range of itself. */
struct range {
	unsigned char first, last;
};

/* Reads the range at @p. Returns where the next one starts. */
static const char *next_range(const char *p, struct range *range)
{
	range->first = range->last = (unsigned char)p[0];
	if (p[1] != '-' || p[2] == ']' || p[2] == 0)
		return p + 1;
	range->last = (unsigned char)p[2];
	return p + 3;
}

/* Reads the set that starts after a '['. Returns the pattern after its ']', NULL if there is none.
 */
static const char *match_set(const char *p, unsigned char c, bool *matched)
{
	bool negated = *p == '!', found = false;
	const char *first = negated ? p + 1 : p;
	struct range range;

	for (p = first; *p && (*p != ']' || p == first);) {
		p = next_range(p, &range);
		found |= c >= range.first && c <= range.last;
	}
	*matched = found != negated;
	return *p ? p + 1 : NULL;
}

/* Matches one byte against the element at @p. Returns the pattern after the element, NULL if the
 * byte does not fit. */
static const char *match_one(const char *p, unsigned char c)
{
	bool matched = false;
	const char *rest;

	switch (*p) {
	case 0:
		return NULL;
	case '?':
		return p + 1;
	case '[':
		rest = match_set(p + 1, c, &matched);
		return matched ? rest : NULL;
	default:
		return (unsigned char)*p == c ? p + 1 : NULL;
	}
}

bool glob_match(const char *pattern, struct text text)
{
	const char *p = pattern, *after_star = NULL, *rest;
	size_t i = 0, star_at = 0;

	while (i < text.len) {
		if (*p == '*') {
			after_star = ++p;
			star_at = i;
			continue;
		}
		rest = match_one(p, (unsigned char)text.data[i]);
		if (rest) {
			p = rest;
			i++;
			continue;
		}
		if (!after_star)
			return false;
		/* Only the last star ever has to give way: what earlier ones took can stay. */
		p = after_star;
		i = ++star_at;
	}
	while (*p == '*')
		p++;
	return *p == 0;
}

static const char *check_set(const char *p, const char **why)
{
	const char *first = *p == '!' ? p + 1 : p;
	struct range range;

	for (p = first; *p && (*p != ']' || p == first);) {
		p = next_range(p, &range);
		if (range.first > range.last) {
			*why = "a range in brackets runs backwards";
			return NULL;
		}
	}
	if (!*p) {
		*why = "a bracket '[' is not closed";
		return NULL;
	}
	return p + 1;
}

int glob_check(const char *pattern, const char **why)
{
	const char *p = pattern;

	while (*p) {
		p = *p == '[' ? check_set(p + 1, why) : p + 1;
		if (!p)
			return -EINVAL;
	}
	return 0;
}
