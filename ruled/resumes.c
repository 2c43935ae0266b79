/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/resumes.h"

#include <errno.h>

#define CAPACITY_FIRST 16

void resumes_done(struct resumes *resumes)
{
	free(TAKE_PTR(resumes->at));
	resumes->count = resumes->capacity = 0;
}

static int grow(struct resumes *resumes)
{
	unsigned capacity = MAX(resumes->capacity * 2, CAPACITY_FIRST);
	struct resume_entry *at;

	if (resumes->count < resumes->capacity)
		return 0;
	if (capacity > RESUMES_MAX)
		return -ENOSPC;
	at = realloc(resumes->at, capacity * sizeof(*at));
	if (!at)
		return -ENOMEM;
	resumes->at = at;
	resumes->capacity = capacity;
	return 0;
}

void resumes_add(struct resumes *resumes, const struct resume *frame, struct text rule)
{
	struct resume_entry *entry;

	if (grow(resumes) < 0) {
		resumes->refused++;
		return;
	}
	entry = &resumes->at[resumes->count++];
	entry->frame = *frame;
	text_copy(rule, entry->rule, sizeof(entry->rule));
}
