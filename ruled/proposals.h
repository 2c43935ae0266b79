/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * What ruled has proposed and enforcerd has not finished with: one open proposal for each culprit
 * of a rule, however often the alert repeats. Bounded. Pure.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"
#include "ruled/rule.h"

#define PROPOSALS_MAX 256

struct proposal {
	uint64_t number; /* 0: free */
	uint64_t alert; /* counter of the newest alert it belongs to */
	uint64_t action; /* 0: no verdict yet */
	uint64_t start_ns;
	uint32_t tgid;
	char rule[RULE_NAME_BYTES_MAX + 1];
};

struct proposals {
	struct proposal at[PROPOSALS_MAX];
	uint64_t last; /* number given out */
};

/* The open proposal of @rule for this process, or NULL. */
struct proposal *proposals_find(
	struct proposals *proposals, const char *rule, uint32_t tgid, uint64_t start_ns);

/* A new one with a number of its own; NULL when too many are open. */
struct proposal *proposals_add(struct proposals *proposals, const char *rule, uint32_t tgid,
	uint64_t start_ns, uint64_t alert);

/* By number, or by its newest alert; NULL if it is not open. */
struct proposal *proposals_get(struct proposals *proposals, uint64_t number);
struct proposal *proposals_of_alert(struct proposals *proposals, uint64_t alert);

/* It is over. */
void proposals_close(struct proposal *proposal);

/* True for states after which nothing more happens to an action. */
bool proposals_is_final(enum action_status status);
