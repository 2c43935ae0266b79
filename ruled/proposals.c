/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/proposals.h"

#include <stdio.h>
#include <string.h>

struct proposal *proposals_find(
	struct proposals *proposals, const char *rule, uint32_t tgid, uint64_t start_ns)
{
	for (size_t i = 0; i < PROPOSALS_MAX; i++) {
		struct proposal *at = &proposals->at[i];

		if (at->number != 0 && at->tgid == tgid && at->start_ns == start_ns &&
			strcmp(at->rule, rule) == 0)
			return at;
	}
	return NULL;
}

struct proposal *proposals_add(struct proposals *proposals, const char *rule, uint32_t tgid,
	uint64_t start_ns, uint64_t alert)
{
	struct proposal *free = proposals_get(proposals, 0);

	if (!free)
		return NULL;
	*free = (struct proposal){
		.number = ++proposals->last, .alert = alert, .start_ns = start_ns, .tgid = tgid};
	snprintf(free->rule, sizeof(free->rule), "%s", rule);
	return free;
}

struct proposal *proposals_get(struct proposals *proposals, uint64_t number)
{
	for (size_t i = 0; i < PROPOSALS_MAX; i++)
		if (proposals->at[i].number == number)
			return &proposals->at[i];
	return NULL;
}

struct proposal *proposals_of_alert(struct proposals *proposals, uint64_t alert)
{
	for (size_t i = 0; i < PROPOSALS_MAX; i++)
		if (proposals->at[i].number != 0 && proposals->at[i].alert == alert)
			return &proposals->at[i];
	return NULL;
}

void proposals_close(struct proposal *proposal)
{
	*proposal = (struct proposal){0};
}

bool proposals_is_final(enum action_status status)
{
	return status != STATUS_PENDING && status != STATUS_APPROVED && status != STATUS_EXECUTING;
}
