/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/counts.h"

#include <stdio.h>
#include <string.h>

static const struct {
	unsigned code;
	const char *title;
} statuses[] = {
#define STATUS(code, title) {code, title},
	COUNTS_STATUSES(STATUS)
#undef STATUS
};

unsigned counts_status_index(unsigned code)
{
	for (unsigned i = 0; i < STATUS_INDEXES; i++)
		if (statuses[i].code == code)
			return i;
	return STATUS_INDEX_500;
}

unsigned counts_status_code(unsigned index)
{
	return statuses[index].code;
}

const char *counts_status_title(unsigned code)
{
	return statuses[counts_status_index(code)].title;
}

void counts_request(struct counts *counts, size_t route, unsigned code)
{
	counts->requests[MIN(route, (size_t)COUNTS_ROUTES_MAX)][counts_status_index(code)]++;
}

void counts_alert(struct counts *counts, const char *rule, unsigned severity)
{
	unsigned i = 0;

	if (severity >= SEVERITY_COUNT)
		return;
	while (i < counts->rule_count && strcmp(counts->rules[i].name, rule) != 0)
		i++;
	if (i == COUNTS_RULES_MAX) {
		counts->alerts_other[severity]++;
		return;
	}
	if (i == counts->rule_count) {
		snprintf(counts->rules[i].name, sizeof(counts->rules[i].name), "%s", rule);
		counts->rule_count++;
	}
	counts->rules[i].alerts[severity]++;
}
