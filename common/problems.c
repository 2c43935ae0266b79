/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define REASON_BYTES 1024
#define LINE_BYTES   2048

void problems_done(struct problems *problems)
{
	for (unsigned i = 0; i < MIN(problems->count, PROBLEMS_MAX); i++)
		free(problems->lines[i]);
	*problems = (struct problems)PROBLEMS_INIT;
}

/* trust: keys and found values come from the file; they are escaped here, once, for every reader.
 */
static size_t append(char *line, size_t used, const char *text)
{
	return used + text_escape(text, strlen(text), line + used, LINE_BYTES - used);
}

void problems_add(struct problems *problems, const char *file, size_t line, size_t col,
	const char *key, const char *fmt, ...)
{
	char reason[REASON_BYTES], text[LINE_BYTES], at[64];
	size_t used;
	va_list ap;

	problems->count++;
	if (problems->count > PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	snprintf(at, sizeof(at), ":%zu:%zu: ", line, col);
	used = append(text, 0, file);
	used = append(text, used, at);
	if (key) {
		used = append(text, used, key);
		used = append(text, used, ": ");
	}
	append(text, used, reason);
	problems->lines[problems->count - 1] = strdup(text);
}
