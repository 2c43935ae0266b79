/* SPDX-License-Identifier: AGPL-3.0-only */
/* A bounded list of what is wrong in a file, each as "file:line:col: key: reason". Collects; never prints. */
#pragma once

#include "common/base.h"

#define PROBLEMS_MAX 64

struct problems {
	unsigned count;  /* all that were added; beyond PROBLEMS_MAX only counted */
	char *lines[PROBLEMS_MAX];
};

#define PROBLEMS_INIT {0}

void problems_done(struct problems *problems);

/* @key may be NULL. Untrusted text in it and in the reason is escaped. line and col are 1-based. */
void problems_add(struct problems *problems, const char *file, size_t line, size_t col, const char *key,
	const char *fmt, ...) printf_like(6, 7);
