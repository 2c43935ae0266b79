/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any bytes as linnix.yaml: refused with at least one problem or accepted whole, within the bounds
 * of every key. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/config.h"
#include "common/glob.h"
#include "common/listen.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct config_list *list)
{
	assert(list->count <= CONFIG_LIST_MAX);
	for (unsigned i = 0; i < list->count; i++) {
		size_t len = strnlen(list->items[i], CONFIG_TEXT_MAX);

		assert(len > 0 && len < CONFIG_TEXT_MAX && text_is_plain(list->items[i], len));
	}
}

static void check_accepted(const struct config *config)
{
	struct sockaddr_storage address;
	socklen_t len;
	const char *why;

	check_list(&config->api.listen);
	check_list(&config->api.allowed_hosts);
	check_list(&config->enforcement.auto_rules);
	check_list(&config->enforcement.protect_users);
	check_list(&config->enforcement.protect_cgroups);
	assert(config->api.listen.count <= CONFIG_LISTEN_MAX);
	assert(config->api.allowed_hosts.count <= CONFIG_HOSTS_MAX);
	for (unsigned i = 0; i < config->api.listen.count; i++)
		assert(listen_parse(config->api.listen.items[i], &address, &len, &why) == 0);
	for (unsigned i = 0; i < config->enforcement.protect_cgroups.count; i++)
		assert(glob_check(config->enforcement.protect_cgroups.items[i], &why) == 0);
	for (int a = 0; a < ROLE_COUNT; a++)
		for (int b = a + 1; b < ROLE_COUNT; b++)
			assert(strcmp(config->users[a], config->users[b]) != 0);
	assert(config->mode == MODE_MONITOR || config->mode == MODE_ENFORCE);
	assert(config->collector.ring_bytes >= 65536 && config->collector.ring_bytes <= 1U << 30);
	assert(config->enforcement.approvers_required >= 1 &&
		config->enforcement.approvers_required <= 5);
	assert(config->api.socket[0] == '/');
	assert(config->rules.path[0] == '/' || config->rules.path[0] == 0);
}

static void check_told(const struct problems *problems)
{
	for (unsigned i = 0; i < MIN(problems->count, (unsigned)PROBLEMS_MAX); i++) {
		const char *line = problems->lines[i], *end = line + strlen(line);

		assert(strncmp(line, "f:", 2) == 0);
		/* Nothing of the file reaches a terminal as it is. */
		for (size_t n; line < end; line += n) {
			n = *line == '\\' ? 1 : text_utf8_length(line, (size_t)(end - line));
			assert(n > 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = PROBLEMS_INIT;
	struct config config;
	int r;

	config_init(&config);
	r = config_parse(&config, (const char *)data, size, "f", &problems);
	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (problems.count == 0));
	if (r == 0)
		check_accepted(&config);
	check_told(&problems);
	problems_done(&problems);
	config_done(&config);
	return 0;
}
