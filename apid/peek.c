/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/peek.h"

#include <string.h>

/* The head ends with an empty line; line ends are as the HTTP server takes them: LF or CR LF. */
static bool head_complete(const char *data, size_t len)
{
	const char *end = data + len;

	for (const char *p = memchr(data, '\n', len); p; p = memchr(p, '\n', (size_t)(end - p))) {
		p++;
		if (p < end && *p == '\n')
			return true;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return true;
	}
	return false;
}

/* The part of @line before the first space; *line moves behind the space. */
static struct text next_word(struct text *line)
{
	const char *space = memchr(line->data, ' ', line->len);
	struct text word = {line->data, space ? (size_t)(space - line->data) : line->len};
	size_t step = space ? word.len + 1 : word.len;

	line->data += step;
	line->len -= step;
	return word;
}

static bool line_claims(const struct route_table *table, struct text line)
{
	struct text method = next_word(&line);
	struct text target = next_word(&line);
	const char *mark = target.len ? memchr(target.data, '?', target.len) : NULL;
	struct route_match match;

	if (mark)
		target.len = (size_t)(mark - target.data);
	if (route_find(table, route_method(method.data, method.len), target.data, target.len,
		    &match) < 0)
		return false;
	return match.route->verb != VERB_NONE;
}

enum peek peek_head(const struct route_table *table, const char *data, size_t len)
{
	const char *end;

	if (!head_complete(data, len))
		return len >= PEEK_HEAD_MAX ? PEEK_PLAIN : PEEK_MORE;
	end = memchr(data, '\n', len);
	return line_claims(table, (struct text){data, (size_t)(end - data)}) ? PEEK_CLAIM
									     : PEEK_PLAIN;
}
