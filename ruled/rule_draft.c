/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/rule_draft.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/account.h"
#include "common/glob.h"
#include "common/yaml_keys.h"
#include "ruled/breaker_rules.h"
#include "ruled/detector.h"
#include "ruled/regex_check.h"
#include "ruled/ruleset.h"

#define GLOB_BYTES_MAX	   255
#define COUNT_MAX	   1e9
#define PCT_MAX		   100
#define SECS_MAX	   3600
#define COOLDOWN_SECS_MAX  86400
#define LIFETIME_SECS_MAX  86400
#define MAX_EXEC_MS_MAX	   3600000
#define COOLDOWN_DEFAULT   60
#define MAX_EXEC_DEFAULT   1000
#define CLEAR_BELOW_OF_ALL 0.8

struct filter_draft {
	char comm[GLOB_BYTES_MAX + 1], exe[GLOB_BYTES_MAX + 1], cgroup[GLOB_BYTES_MAX + 1];
	char container[GLOB_BYTES_MAX + 1], user[ACCOUNT_NAME_MAX];
	uid_t uid; /* of user */
};

/* What the keys of one rule say. */
struct draft {
	char name[RULE_NAME_BYTES_MAX + 1], regex[RULE_REGEX_BYTES_MAX + 1];
	int detector, severity, scope, action, signal;
	double threshold, threshold_pct, clear_below, rate_per_min, median_lifetime;
	uint32_t duration, window_seconds, max_exec_duration_ms, cooldown;
	struct filter_draft match;
	struct filter_draft *exclude;
	unsigned exclude_count;
	bool out_of_memory;
};

static const struct yname SEVERITIES[] = {{"info", SEVERITY_INFO}, {"low", SEVERITY_LOW},
	{"medium", SEVERITY_MEDIUM}, {"high", SEVERITY_HIGH}, {NULL, 0}};
static const struct yname SCOPES[] = {{"host", SCOPE_HOST}, {"tree", SCOPE_TREE},
	{"process", SCOPE_PROCESS}, {"cgroup", SCOPE_CGROUP}, {"user", SCOPE_USER}, {NULL, 0}};
static const struct yname ACTIONS[] = {
	{"kill_process", ACTION_KILL_PROCESS}, {"kill_tree", ACTION_KILL_TREE}, {NULL, 0}};
static const struct yname SIGNALS[] = {{"TERM", SIGTERM}, {"KILL", SIGKILL}, {NULL, 0}};

static void check_name(const struct ytree *tree, const struct ynode *node, const char *key)
{
	if (strncmp(node->text, BREAKER_RULE_PREFIX, strlen(BREAKER_RULE_PREFIX)) == 0)
		ytree_problem(tree, node, key,
			"names that begin with %s are those of the circuit breakers",
			BREAKER_RULE_PREFIX);
}

static void check_glob(const struct ytree *tree, const struct ynode *node, const char *key)
{
	const char *why;

	if (glob_check(node->text, &why) < 0)
		ytree_problem(tree, node, key, "%s", why);
}

static void check_user(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	struct filter_draft *filter = target;
	struct account account;

	if (account_find(filter->user, &account) < 0)
		ytree_problem(tree, node, key, "no user %s", filter->user);
	else
		filter->uid = account.uid;
}

static void check_regex(const struct ytree *tree, const struct ynode *node, const char *key)
{
	char why[128];

	if (regex_check(node->text, why, sizeof(why)) < 0)
		ytree_problem(tree, node, key, "%s", why);
}

static const struct ytext_spec NAME_TEXT = {
	.min = 1, .max = RULE_NAME_BYTES_MAX, .check = check_name};
static const struct ytext_spec REGEX_TEXT = {
	.min = 1, .max = RULE_REGEX_BYTES_MAX, .numbers = true, .check = check_regex};
static const struct ytext_spec GLOB_TEXT = {
	.min = 1, .max = GLOB_BYTES_MAX, .numbers = true, .check = check_glob};
static const struct ytext_spec USER_TEXT = {.min = 1, .max = ACCOUNT_NAME_MAX - 1, .numbers = true};

#define GLOB(field)                                                                                \
	{                                                                                          \
		.name = #field, .kind = YKEY_TEXT, .offset = offsetof(struct filter_draft, field), \
		.text = &GLOB_TEXT                                                                 \
	}

static const struct ykey FILTER_KEYS[] = {
	GLOB(comm),
	GLOB(exe),
	GLOB(cgroup),
	GLOB(container),
	{.name = "user",
		.kind = YKEY_TEXT,
		.offset = offsetof(struct filter_draft, user),
		.text = &USER_TEXT,
		.check = check_user},
};
static const struct ykeys FILTER = YKEYS(FILTER_KEYS);

/* One filter. An empty one would hold for everybody, which nobody writes on purpose. */
static void read_filter(const struct ytree *tree, const struct ynode *node, const char *key,
	struct filter_draft *filter, struct draft *draft)
{
	char prefix[32];
	struct ykeys_call call = {.prefix = prefix, .what = key};

	snprintf(prefix, sizeof(prefix), "%s.", key);
	if (node->kind == YNODE_MAPPING && node->count == 0)
		ytree_problem(tree, node, key, "asks for nothing; give at least one key");
	else if (ykeys_read(tree, node, &FILTER, &call, filter, NULL) == -ENOMEM)
		draft->out_of_memory = true;
}

static void check_match(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	struct draft *draft = target;

	read_filter(tree, node, key, &draft->match, draft);
}

static void check_exclude(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	struct draft *draft = target;

	if (node->kind != YNODE_SEQUENCE) {
		yvalue_expected(tree, node, key, "a list of mappings");
		return;
	}
	if (node->count > RULE_EXCLUDES_MAX) {
		ytree_problem(tree, node, key, "%u entries; at most %d are allowed", node->count,
			RULE_EXCLUDES_MAX);
		return;
	}
	/* A duplicate key is told elsewhere, and read all the same. */
	free(draft->exclude);
	draft->exclude_count = 0;
	draft->exclude = calloc(node->count + 1, sizeof(*draft->exclude));
	if (!draft->exclude) {
		draft->out_of_memory = true;
		return;
	}
	for (const struct ynode *one = node->first; one; one = one->next)
		read_filter(tree, one, key, &draft->exclude[draft->exclude_count++], draft);
}

static const struct ykey PROPOSE_KEYS[] = {
	{.name = "action",
		.kind = YKEY_NAME,
		.offset = offsetof(struct draft, action),
		.names = ACTIONS,
		.required = true},
	{.name = "signal",
		.kind = YKEY_NAME,
		.offset = offsetof(struct draft, signal),
		.names = SIGNALS},
};
static const struct ykeys PROPOSE = YKEYS(PROPOSE_KEYS);

#define VALUE(name_, kind_, field, ...)                                                            \
	{                                                                                          \
		.name = (name_), .kind = (kind_), .offset = offsetof(struct draft, field),         \
		__VA_ARGS__                                                                        \
	}

/* The detector was looked up before: its names are only checked here. */
#define DETECTORS_MAX 32
static struct yname detector_names[DETECTORS_MAX + 1];

static const struct ykey KEYS[] = {
	VALUE("name", YKEY_TEXT, name, .text = &NAME_TEXT, .required = true),
	VALUE("detector", YKEY_NAME, detector, .names = detector_names, .required = true),
	VALUE("threshold", YKEY_DOUBLE, threshold, .min = 0, .max = COUNT_MAX, .required = true,
		.groups = KEYS_THRESHOLD),
	VALUE("threshold_pct", YKEY_DOUBLE, threshold_pct, .min = 0, .max = PCT_MAX,
		.required = true, .groups = KEYS_THRESHOLD_PCT),
	VALUE("duration", YKEY_U32, duration, .min = 1, .max = SECS_MAX, .required = true,
		.groups = KEYS_DURATION),
	VALUE("window_seconds", YKEY_U32, window_seconds, .min = 1, .max = SECS_MAX,
		.required = true, .groups = KEYS_WINDOW),
	VALUE("max_exec_duration_ms", YKEY_U32, max_exec_duration_ms, .min = 1,
		.max = MAX_EXEC_MS_MAX, .groups = KEYS_MAX_EXEC),
	VALUE("regex", YKEY_TEXT, regex, .text = &REGEX_TEXT, .required = true,
		.groups = KEYS_EXEC_RATE),
	VALUE("rate_per_min", YKEY_DOUBLE, rate_per_min, .min = 0, .max = COUNT_MAX,
		.required = true, .groups = KEYS_EXEC_RATE),
	VALUE("median_lifetime", YKEY_DOUBLE, median_lifetime, .min = 0, .max = LIFETIME_SECS_MAX,
		.required = true, .groups = KEYS_EXEC_RATE),
	VALUE("severity", YKEY_NAME, severity, .names = SEVERITIES),
	VALUE("cooldown", YKEY_U32, cooldown, .min = 0, .max = COOLDOWN_SECS_MAX),
	VALUE("scope", YKEY_NAME, scope, .names = SCOPES),
	VALUE("match", YKEY_NODE, match, .check = check_match),
	VALUE("exclude", YKEY_NODE, exclude, .check = check_exclude),
	VALUE("clear_below", YKEY_DOUBLE, clear_below, .min = 0, .max = COUNT_MAX),
	VALUE("propose", YKEY_SECTION, action, .sub = &PROPOSE),
};
static const struct ykeys RULE = YKEYS(KEYS);

__attribute__((constructor)) static void list_detectors(void)
{
	for (unsigned i = 0; detector_at(i); i++) {
		assert(i < DETECTORS_MAX);
		detector_names[i] = (struct yname){detector_at(i)->name, (int)i};
	}
}

/*
 * The detector the rule names, which decides what other keys it may have; NULL if there is none
 * such.
 */
static const struct detector *find_detector(const struct ynode *node)
{
	const struct ynode *named = ynode_get(node, "detector");

	for (unsigned i = 0; named && detector_at(i); i++) {
		const struct detector *detector = detector_at(i);

		if (!ynode_is_text(named, detector->name))
			continue;
		return detector->windowed && ynode_get(node, "window_seconds") ? detector->windowed
									       : detector;
	}
	return NULL;
}

static double threshold_of(const struct draft *draft, const struct detector *detector)
{
	if (detector->keys & KEYS_EXEC_RATE)
		return draft->rate_per_min;
	return detector->keys & KEYS_THRESHOLD_PCT ? draft->threshold_pct : draft->threshold;
}

/* What no single key can tell. */
static void check_together(const struct ytree *tree, const struct ynode *node, struct draft *draft,
	const struct detector *detector)
{
	const struct ynode *clear_below = ynode_get(node, "clear_below");
	double threshold = threshold_of(draft, detector);

	if (!(detector->scopes & 1U << draft->scope))
		ytree_problem(tree, ynode_get(node, "scope"), "scope", "%s cannot count by %s",
			detector->name, SCOPES[draft->scope].name);
	if (!clear_below)
		draft->clear_below = threshold * CLEAR_BELOW_OF_ALL;
	else if (draft->clear_below > threshold)
		ytree_problem(tree, clear_below, "clear_below", "is above the threshold");
	draft->threshold = threshold;
}

static bool copy_text(char **to, const char *from)
{
	if (*from == '\0')
		return true;
	*to = strdup(from);
	return *to != NULL;
}

static bool copy_filter(struct rule_filter *to, const struct filter_draft *from)
{
	to->user_set = from->user[0] != '\0';
	to->user = from->uid;
	return copy_text(&to->comm, from->comm) && copy_text(&to->exe, from->exe) &&
	       copy_text(&to->cgroup, from->cgroup) && copy_text(&to->container, from->container);
}

static bool copy_texts(struct rule_def *rule, const struct draft *draft)
{
	const char *why; /* never: check_regex() has been there */

	rule->name = strdup(draft->name);
	rule->exclude = calloc(draft->exclude_count + 1, sizeof(*rule->exclude));
	if (!rule->name || !rule->exclude || !copy_filter(&rule->match, &draft->match))
		return false;
	for (; rule->exclude_count < draft->exclude_count; rule->exclude_count++)
		if (!copy_filter(&rule->exclude[rule->exclude_count],
			    &draft->exclude[rule->exclude_count]))
			return false;
	if (draft->regex[0] == '\0')
		return true;
	rule->pattern = strdup(draft->regex);
	rule->matcher = malloc(sizeof(*rule->matcher));
	return rule->pattern && rule->matcher &&
	       matcher_compile(rule->matcher, rule->pattern, &why) == 0;
}

static int build(const struct draft *draft, const struct detector *detector, struct rule_def **rule)
{
	struct rule_def *made = malloc(sizeof(*made));

	if (!made)
		return -ENOMEM;
	*made = (struct rule_def){
		.detector = detector,
		.threshold = draft->threshold,
		.clear_below = draft->clear_below,
		.median_lifetime_secs = draft->median_lifetime,
		.duration_secs = draft->duration,
		.window_secs = draft->window_seconds,
		.max_exec_duration_ms = draft->max_exec_duration_ms,
		.cooldown_secs = draft->cooldown,
		.severity = (enum severity)draft->severity,
		.scope = (enum scope)draft->scope,
		.action = (enum action_type)draft->action,
		.signal = draft->signal,
	};
	if (!copy_texts(made, draft)) {
		rule_def_free(made);
		return -ENOMEM;
	}
	*rule = made;
	return 0;
}

/* Without its detector nobody knows what else a rule should say. */
static int refuse_detector(const struct ytree *tree, const struct ynode *node)
{
	const struct ynode *named = ynode_get(node, "detector");
	int found;

	if (node->kind != YNODE_MAPPING)
		return yvalue_expected(tree, node, "rule", "a mapping of keys");
	if (named)
		return yvalue_name(tree, named, "detector", detector_names, &found);
	if (!tree->broken)
		ytree_problem(tree, node, "detector", "missing in a rule");
	return -EINVAL;
}

/* @draft is filled with defaults. */
static int read_draft(const struct ytree *tree, const struct ynode *node, struct draft *draft,
	struct rule_def **rule)
{
	const struct detector *detector = find_detector(node);
	struct ykeys_call call = {.prefix = ""};
	unsigned before = tree->problems->count;
	int r;

	if (!detector)
		return refuse_detector(tree, node);
	call.what = detector->name;
	call.groups = detector->keys;
	draft->scope = (int)detector->scope;
	r = ykeys_read(tree, node, &RULE, &call, draft, NULL);
	if (r == -ENOMEM || draft->out_of_memory)
		return -ENOMEM;
	if (r < 0)
		return r;
	check_together(tree, node, draft, detector);
	return tree->problems->count > before ? -EINVAL : build(draft, detector, rule);
}

int rule_draft_read(const struct ytree *tree, const struct ynode *node, struct rule_def **rule)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	int r;

	if (!draft)
		return -ENOMEM;
	draft->severity = SEVERITY_MEDIUM;
	draft->signal = SIGTERM;
	draft->cooldown = COOLDOWN_DEFAULT;
	draft->max_exec_duration_ms = MAX_EXEC_DEFAULT;
	r = read_draft(tree, node, draft, rule);
	free(draft->exclude);
	free(draft);
	return r;
}
