/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Circuit breakers: when the whole host is short of something, who is to blame. Judges by what was
 * watched while the condition held; when it holds is the levels' to say. Pure.
 *
 * To end a process that did nothing is worse than to leave a stuck host to a person. So somebody
 * stands out only if
 *   - he has at least half of what killable processes use: without him it would be half as bad;
 *   - he has at least twice as much as the next: the order is no accident of measuring;
 *   - he has at least a quarter of what all processes use: where the kernel or a manager is the
 *     one, the largest of the others is still no remedy.
 * Killable are all but PID 1, kernel threads, session and service managers and the suite: what
 * these use themselves counts for the last one only. What processes used that have ended counts,
 * so that the one that happens to live is not blamed for a flood of short ones.
 *
 * Where nobody stands out and most of it was used by processes that have ended since, as in a build,
 * nothing is told: what ends by itself needs nobody to end it, and its rate is for other rules. The
 * breaker is open all the same.
 *
 * Of memory, where killable processes have grown by a tenth of what they hold since the condition
 * began, who grew is to blame, not who is large. With kill_tree it is who is large.
 */
#pragma once

#include "ruled/rule_state.h"
#include "ruled/watched.h"

struct breaker_verdict {
	struct process_entry *culprit; /* NULL: nobody stands out */
	char most[COMM_BYTES], next[COMM_BYTES]; /* who has most, also if he does not stand out; "" */
	uint32_t most_tgid;
	double most_use, next_use, killable; /* percent of a core, MB, MB per second */
	double secs;			     /* over which */
	bool grown;			     /* these are growth, not what is held */
	double busy_pct;		     /* of all CPUs */
	bool passing; /* nobody, and most of it is over: not to be told */
};

/* All but busy_pct. */
void breaker_judge(
	const struct level_pass *pass, struct rule_state *state, struct breaker_verdict *verdict);

/*
 * What the rule's threshold is compared with: the stall, but not where the CPUs are less busy than
 * the rule wants. @busy_pct negative: not known.
 */
double breaker_level(const struct rule_def *rule, double stall_pct, double busy_pct);

/* enum breaker_state of each resource. */
void breaker_states(
	struct rule_state *const *states, unsigned count, uint16_t out[PRESSURE_RESOURCES]);
