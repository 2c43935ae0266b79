/* SPDX-License-Identifier: AGPL-3.0-only */
/* A query is either taken with every value in its range, or refused with a sentence that is safe to
 * show. */
#include <string.h>

#include "apid/query.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool in_range(const struct query *query)
{
	return query->limit >= 1 && query->limit <= QUERY_LIMIT_MAX &&
	       query->severity < SEVERITY_COUNT && query->status < STATUS_COUNT &&
	       query->types != 0 && (query->types & ~(unsigned)STREAM_ALL) == 0 &&
	       text_is_plain(query->rule, strlen(query->rule));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct query query;
	char why[256] = "";
	/* Sixteen bits of parameters; two bytes of a short input are all of it. */
	unsigned allowed = size >= 2 ? data[0] | (unsigned)data[1] << 8 : 0;

	if (size >= 2)
		memcpy(copy, data + 2, size - 2);
	if (query_parse(copy, size >= 2 ? size - 2 : 0, allowed, &query, why, sizeof(why)) == 0) {
		if (!in_range(&query) || (query.given & ~allowed))
			__builtin_trap();
	} else if (!why[0] || !text_is_plain(why, strlen(why))) {
		__builtin_trap();
	}
	free(copy);
	return 0;
}
