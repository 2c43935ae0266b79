/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>

#include "common/config_check.h"
#include "common/link_socket.h"
#include "common/yaml_keys.h"

_Static_assert(sizeof(enum mode) == sizeof(int) && sizeof(enum log_level) == sizeof(int) &&
		       sizeof(enum action_type) == sizeof(int),
	"YKEY_NAME writes an int");

static const struct yname MODES[] = {
	{"monitor", MODE_MONITOR}, {"enforce", MODE_ENFORCE}, {NULL, 0}};
static const struct yname LEVELS[] = {{"debug", LOG_LEVEL_DEBUG}, {"info", LOG_LEVEL_INFO},
	{"warning", LOG_LEVEL_WARNING}, {"error", LOG_LEVEL_ERROR}, {NULL, 0}};
static const struct yname BREAKER_ACTIONS[] = {{"kill_process", ACTION_KILL_PROCESS},
	{"kill_tree", ACTION_KILL_TREE}, {"none", ACTION_NONE}, {NULL, 0}};
static const struct yname VIAS[] = {{"unix", VIA_UNIX}, {"tcp", VIA_TCP}, {NULL, 0}};

#define SOCKET_BYTES (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define TEXT_BYTES   (CONFIG_TEXT_MAX - 1)

static const struct ytext_spec TEXT = {.min = 1, .max = TEXT_BYTES},
			       PATH = {1, TEXT_BYTES, .check = config_check_path},
			       SOCKET = {1, SOCKET_BYTES, .check = config_check_path},
			       LISTEN = {1, TEXT_BYTES, .check = config_check_listen},
			       HOST = {1, TEXT_BYTES, .check = config_check_host},
			       GLOB = {1, TEXT_BYTES, .check = config_check_glob},
			       GROUP = {1, TEXT_BYTES, .check = config_check_group},
			       USER = {1, TEXT_BYTES, true, config_check_user},
			       DAEMON_USER = {1, TEXT_BYTES, true, config_check_daemon_user};

#define VALUE(name_, kind_, field)                                                                 \
	.name = (name_), .kind = (kind_), .offset = offsetof(struct config, field)
#define U32(name_, field, min_, max_) VALUE(name_, YKEY_U32, field), .min = (min_), .max = (max_)
#define PCT(name_, field, min_)	      VALUE(name_, YKEY_DOUBLE, field), .min = (min_), .max = 100
#define SECTION(name_, sub_)	      .name = (name_), .kind = YKEY_SECTION, .sub = &(sub_)

static const struct ykey LOG_KEYS[] = {
	{VALUE("level", YKEY_NAME, log.level), .names = LEVELS},
};
static const struct ykey USERS_KEYS[] = {
	{VALUE("collectord", YKEY_TEXT, users[ROLE_COLLECTORD]), .text = &DAEMON_USER},
	{VALUE("ruled", YKEY_TEXT, users[ROLE_RULED]), .text = &DAEMON_USER},
	{VALUE("apid", YKEY_TEXT, users[ROLE_APID]), .text = &DAEMON_USER},
	{VALUE("enforcerd", YKEY_TEXT, users[ROLE_ENFORCERD]), .text = &DAEMON_USER},
};
static const struct ykey COLLECTOR_KEYS[] = {
	{U32("sample_interval_ms", collector.sample_interval_ms, 100, 60000)},
	{U32("ring_bytes", collector.ring_bytes, 65536, 1U << 30), .check = config_check_ring},
	{VALUE("capture_args", YKEY_BOOL, collector.capture_args)},
	{VALUE("network", YKEY_BOOL, collector.network)},
	{U32("cpu_budget_pct", collector.cpu_budget_pct, 1, 100)},
};
static const struct ykey RULES_KEYS[] = {
	{VALUE("path", YKEY_TEXT, rules.path), .text = &PATH},
};
static const struct ykey BREAKER_KEYS[] = {
	{VALUE("enabled", YKEY_BOOL, circuit_breaker.enabled)},
	{PCT("cpu_usage_threshold", circuit_breaker.cpu_use_pct, 1)},
	{PCT("cpu_psi_threshold", circuit_breaker.stall_pct[PRESSURE_CPU], 0.1)},
	{PCT("memory_psi_threshold", circuit_breaker.stall_pct[PRESSURE_MEMORY], 0.1)},
	{PCT("io_psi_threshold", circuit_breaker.stall_pct[PRESSURE_IO], 0.1)},
	{U32("grace_period_secs", circuit_breaker.grace_secs, 1, 3600)},
	{VALUE("action", YKEY_NAME, circuit_breaker.action), .names = BREAKER_ACTIONS},
};
static const struct ykey RETENTION_KEYS[] = {
	{U32("process_seconds", retention.process_seconds, 10, 3600)},
};
static const struct ykey API_KEYS[] = {
	{VALUE("listen", YKEY_TEXTS, api.listen), .text = &LISTEN, .check = config_check_listens},
	{VALUE("socket", YKEY_TEXT, api.socket), .text = &SOCKET},
	{VALUE("allowed_hosts", YKEY_TEXTS, api.allowed_hosts), .text = &HOST,
		.check = config_check_hosts},
};
static const struct ykey PROTECT_KEYS[] = {
	{VALUE("users", YKEY_TEXTS, enforcement.protect_users), .text = &USER},
	{VALUE("cgroups", YKEY_TEXTS, enforcement.protect_cgroups), .text = &GLOB},
};
static const struct ykeys PROTECT = YKEYS(PROTECT_KEYS);
static const struct ykey ENFORCEMENT_KEYS[] = {
	{U32("approval_ttl_secs", enforcement.approval_ttl_secs, 1, 86400)},
	{U32("execution_ttl_secs", enforcement.execution_ttl_secs, 1, 3600)},
	{U32("max_actions_per_hour", enforcement.max_actions_per_hour, 0, 100000)},
	{U32("term_grace_secs", enforcement.term_grace_secs, 0, 300)},
	{U32("approvers_required", enforcement.approvers_required, 1, 5)},
	{VALUE("auto_rules", YKEY_TEXTS, enforcement.auto_rules), .text = &TEXT},
	{SECTION("protect", PROTECT)},
};
static const struct ykey APPROVERS_KEYS[] = {
	{VALUE("group", YKEY_TEXT, approvers.group), .text = &GROUP},
	{VALUE("via", YKEY_NAMES, approvers.via), .names = VIAS},
};

static const struct ykeys LOG = YKEYS(LOG_KEYS), USERS = YKEYS(USERS_KEYS),
			  COLLECTOR = YKEYS(COLLECTOR_KEYS), RULES = YKEYS(RULES_KEYS),
			  BREAKER = YKEYS(BREAKER_KEYS),
			  RETENTION = YKEYS(RETENTION_KEYS), API = YKEYS(API_KEYS),
			  ENFORCEMENT = YKEYS(ENFORCEMENT_KEYS), APPROVERS = YKEYS(APPROVERS_KEYS);

static const struct ykey TOP_KEYS[] = {
	{VALUE("mode", YKEY_NAME, mode), .names = MODES},
	{SECTION("log", LOG)},
	{SECTION("users", USERS), .check = config_check_users},
	{SECTION("collector", COLLECTOR)},
	{SECTION("rules", RULES)},
	{SECTION("circuit_breaker", BREAKER)},
	{SECTION("retention", RETENTION)},
	{SECTION("api", API)},
	{SECTION("enforcement", ENFORCEMENT)},
	{SECTION("approvers", APPROVERS)},
};
static const struct ykeys TOP = YKEYS(TOP_KEYS);

static const char LISTEN_DEFAULT[][CONFIG_TEXT_MAX] = {"127.0.0.1:3000", "[::1]:3000"};

void config_init(struct config *config)
{
	*config = (struct config){
		.mode = MODE_MONITOR,
		.log = {.level = LOG_LEVEL_INFO},
		.users = {[ROLE_COLLECTORD] = "linnix-collectord",
			[ROLE_RULED] = "linnix-ruled",
			[ROLE_APID] = "linnix-apid",
			[ROLE_ENFORCERD] = "linnix-enforcerd"},
		.collector = {.sample_interval_ms = 1000,
			.ring_bytes = 4194304,
			.capture_args = true,
			.network = true,
			.cpu_budget_pct = 5},
		.circuit_breaker = {.enabled = true,
			.cpu_use_pct = 90,
			.stall_pct = {[PRESSURE_CPU] = 40, [PRESSURE_MEMORY] = 30, [PRESSURE_IO] = 50},
			.grace_secs = 15,
			.action = ACTION_KILL_PROCESS},
		.retention = {.process_seconds = 300},
		.api = {.listen = config_list_of(LISTEN_DEFAULT, ARRAY_LEN(LISTEN_DEFAULT)),
			.socket = API_SOCKET_DEFAULT},
		.enforcement = {.approval_ttl_secs = 300,
			.execution_ttl_secs = 60,
			.max_actions_per_hour = 10,
			.term_grace_secs = 5,
			.approvers_required = 1},
		.approvers = {.group = "linnix-approvers", .via = VIA_UNIX | VIA_TCP},
	};
}

void config_done(struct config *config)
{
	config_list_done(&config->api.listen);
	config_list_done(&config->api.allowed_hosts);
	config_list_done(&config->enforcement.auto_rules);
	config_list_done(&config->enforcement.protect_users);
	config_list_done(&config->enforcement.protect_cgroups);
}

/* @r: how the tree was read. A damaged file still shows what else is wrong with it. */
static int read_tree(struct config *config, const struct ytree *tree, int r)
{
	static const struct ykeys_call call = {.prefix = "", .what = "the top level"};
	int keys = 0;

	if (tree->broken && tree->root && tree->root->kind != YNODE_MAPPING)
		return r;
	if ((r == 0 || r == -EINVAL) && tree->root && !ynode_is_null(tree->root))
		keys = ykeys_read(tree, tree->root, &TOP, &call, config, NULL);
	return r < 0 ? r : keys;
}

int config_load(struct config *config, const char *path, struct problems *problems)
{
	_cleanup_ytree_ struct ytree tree = YTREE_INIT;
	int r = ytree_load(&tree, AT_FDCWD, path, path, problems);

	return r == -ENOENT ? 0 : read_tree(config, &tree, r);
}

int config_parse(struct config *config, const char *data, size_t len, const char *shown,
	struct problems *problems)
{
	_cleanup_ytree_ struct ytree tree = YTREE_INIT;

	return read_tree(config, &tree, ytree_parse(&tree, data, len, shown, problems));
}
