/* SPDX-License-Identifier: AGPL-3.0-only */
/* Incidents to go on with, kept until the wall clock is known. Bounded. */
#pragma once

#include "proto/frame.h"
#include "ruled/rule.h"

#define RESUMES_MAX 1024

struct resume_entry {
	struct resume frame;
	char rule[RULE_NAME_BYTES_MAX + 1];
};

struct resumes {
	struct resume_entry *at;
	unsigned count, capacity;
	uint64_t refused;
};

void resumes_done(struct resumes *resumes);

/* What finds no room is counted. */
void resumes_add(struct resumes *resumes, const struct resume *frame, struct text rule);
