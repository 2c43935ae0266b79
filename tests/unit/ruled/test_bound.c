/* SPDX-License-Identifier: AGPL-3.0-only */
/* What --check-config says a rule may need at worst is what it needs when all its bounds are reached. */
#include "ruled/bound.h"

#include <malloc.h>

#include "ruled/breaker_rules.h"
#include "ruled/detector.h"
#include "ruled/rule_state.h"
#include "tests/unit/ruled/engine_fixture.h"

#define MORE 5000 /* than anything is allowed to be */

static size_t in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static struct map_key key_of(unsigned i)
{
	return (struct map_key){i, i};
}

static void fill_windows(struct window_set *set)
{
	for (unsigned i = 1; i <= MORE; i++)
		assert_non_null(window_set_get(set, key_of(i), 1));
}

static void fill_firings(struct firing_set *set)
{
	for (unsigned i = 1; i <= MORE; i++)
		assert_non_null(firing_set_tell(set, key_of(i), 1));
}

static void fill_holds(struct rule_state *state)
{
	const struct suite_users suite = {.count = 0};
	const struct level_pass pass = {.suite = &suite, .begin_ns = 2, .number = 1};

	for (unsigned i = 2; i <= MORE; i++) {
		struct process_entry entry = {
			.info = {.tgid = i, .start_ns = i}, .known = true, .usage = {.threads = 1000}};

		level_see(&pass, state, &entry);
	}
}

static void fill_growths(struct rule_state *state)
{
	growth_begin(state->growths, 2 * NSEC_PER_SEC);
	for (unsigned i = 1; i <= MORE; i++) {
		struct process_entry entry = {.info = {.tgid = i, .start_ns = i},
			.usage = {.anon_kib = 1U << 30, .anon_before_kib = 1}};

		(void)growth_see(state->growths, &entry, 2 * NSEC_PER_SEC, NSEC_PER_SEC);
	}
}

/* Within a few percent, for the allocator's own. */
static void assert_bound(const struct rule_def *rule, size_t used, size_t definition)
{
	size_t bound = bound_of_rule(rule) - definition;

	if (used > bound + bound / 16 || used + used / 2 < bound)
		fail_msg("%s: %zu bytes in use, at most %zu were said", rule->detector->name, used, bound);
}

static void check(const char *yaml)
{
	struct ruleset *ruleset = rules_of(yaml);
	const struct rule_def *rule = ruleset->rules[0];
	size_t before = in_use();
	struct rule_shares shares = {0};
	struct rule_state *state = rule_state_new(rule, &shares);

	fill_firings(&state->firings);
	if (rule->detector->kind == DETECT_EVENTS) {
		fill_windows(&state->counts->trees);
		fill_windows(&state->counts->scoped);
	}
	if (rule->detector->kind == DETECT_LEVEL)
		fill_holds(state);
	if (rule->detector->kind == DETECT_GROWTH)
		fill_growths(state);
	assert_bound(rule, in_use() - before, sizeof(*rule) + strlen(rule->name) + 1);
	rule_state_free(state);
	ruleset_free(ruleset);
}

static void a_full_rule_uses_what_was_said(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__ /* whose allocator tells the library nothing */
	skip();
#endif
	check("- {name: a, detector: forks_per_sec, threshold: 1, duration: 1}");
	check("- {name: a, detector: forks_per_sec, threshold: 1, duration: 3600}");
	check("- {name: a, detector: fork_burst, threshold: 1, window_seconds: 3600}");
	check("- {name: a, detector: thread_count, threshold: 1, duration: 1}");
	check("- {name: a, detector: dstate_count, threshold: 1, duration: 1}");
	check("- {name: a, detector: rss_growth_mb, threshold: 1, window_seconds: 10}");
	check("- {name: a, detector: system_psi_io, threshold_pct: 1, duration: 1}");
}

static void the_bound_counts_each_part(void **state)
{
	struct ruleset *ruleset = rules_of(
		"- {name: a, detector: thread_count, threshold: 1, duration: 1}\n"
		"- {name: a2, detector: thread_count, threshold: 1, duration: 1, match: {comm: abc},"
		" exclude: [{exe: abcd}, {cgroup: abcde}]}\n"
		"- {name: p, detector: dstate_count, threshold: 1, duration: 1}\n"
		"- {name: x, detector: exec_rate, regex: abc, rate_per_min: 1, median_lifetime: 1}\n"
		"- {name: c, detector: oom_kill, threshold: 1, window_seconds: 60}\n");
	struct rule_def *const *rules = ruleset->rules;

	(void)state;
	assert_int_equal(bound_of_rule(rules[1]) - bound_of_rule(rules[0]),
		1 + 4 + 5 + 6 + 2 * sizeof(struct rule_filter));
	/* All processes, or the host alone. */
	assert_true(bound_of_rule(rules[0]) - bound_of_rule(rules[2]) >
		    (HOLDS_MAX - 8) * sizeof(struct hold));
	/* Both have windows of 128 buckets. */
	assert_int_equal(
		bound_of_rule(rules[3]) - bound_of_rule(rules[4]),
		sizeof(struct lives) + sizeof(struct matcher) + 4);
	assert_true(bound_of_rule(rules[2]) >= FIRINGS_MAX * sizeof(struct firing));
	ruleset_free(ruleset);
}

static void a_breaker_has_who_it_watches(void **state)
{
	const struct breaker_config config = {true, 90, {40, 30, 50}, 15, ACTION_NONE};
	struct ruleset *ruleset =
		rules_of("- {name: circuit-breaker-io, detector: system_psi_io, threshold_pct: 1, duration: 1}");
	size_t more;

	(void)state;
	assert_int_equal(breaker_rules_add(ruleset, &config), 0);
	assert_string_equal(ruleset->rules[3]->name, "circuit_breaker_io");
	more = bound_of_rule(ruleset->rules[3]) - bound_of_rule(ruleset->rules[0]);
	assert_true(more >= sizeof(struct watched_set) + WATCHED_MAX * sizeof(struct watched));
	assert_true(more <= sizeof(struct watched_set) + WATCHED_MAX * (sizeof(struct watched) + 3 * 32));
	ruleset_free(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_rule_uses_what_was_said),
		cmocka_unit_test(the_bound_counts_each_part),
		cmocka_unit_test(a_breaker_has_who_it_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
