/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/config_check.h"

#include <stdio.h>
#include <string.h>

#include "common/config.h"
#include "common/glob.h"
#include "common/listen.h"
#include "common/text.h"

#define NAME_BYTES_MAX 32 /* of a user or group */

static bool is_name(const char *text)
{
	static const char CHARACTERS[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(text);

	return len <= NAME_BYTES_MAX && text[0] != '-' && strspn(text, CHARACTERS) == len &&
	       strspn(text, "0123456789") < len;
}

void config_check_group(const struct ytree *tree, const struct ynode *node, const char *key)
{
	if (!is_name(node->text))
		ytree_problem(tree, node, key,
			"expected a group's name: up to %d letters, digits, '_', '.' and '-', found \"%s\"",
			NAME_BYTES_MAX, node->text);
}

void config_check_user(const struct ytree *tree, const struct ynode *node, const char *key)
{
	uint64_t number;

	if (!is_name(node->text) && text_to_u64(node->text, node->len, UINT32_MAX - 1, &number) < 0)
		ytree_problem(tree, node, key,
			"expected a user's name (up to %d letters, digits, '_', '.' and '-') or a "
			"number from 0 to %u, found \"%s\"",
			NAME_BYTES_MAX, UINT32_MAX - 1, node->text);
}

void config_check_daemon_user(const struct ytree *tree, const struct ynode *node, const char *key)
{
	if (ynode_is_text(node, "root") || ynode_is_text(node, "0"))
		ytree_problem(tree, node, key, "a daemon must not run as root");
	else
		config_check_user(tree, node, key);
}

void config_check_path(const struct ytree *tree, const struct ynode *node, const char *key)
{
	if (node->text[0] != '/')
		ytree_problem(tree, node, key,
			"expected an absolute path, beginning with '/', found \"%s\"", node->text);
}

void config_check_listen(const struct ytree *tree, const struct ynode *node, const char *key)
{
	struct sockaddr_storage address;
	const char *why;
	socklen_t len;

	if (listen_parse(node->text, &address, &len, &why) < 0)
		ytree_problem(tree, node, key, "%s, found \"%s\"", why, node->text);
}

/* A name as it stands in a Host header, with or without a port. */
void config_check_host(const struct ytree *tree, const struct ynode *node, const char *key)
{
	static const char CHARACTERS[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:[]";

	if (strspn(node->text, CHARACTERS) != node->len)
		ytree_problem(tree, node, key,
			"expected a host name or address as in a Host header, found \"%s\"",
			node->text);
}

void config_check_glob(const struct ytree *tree, const struct ynode *node, const char *key)
{
	const char *why;

	if (glob_check(node->text, &why) < 0)
		ytree_problem(tree, node, key, "%s, found \"%s\"", why, node->text);
}

void config_check_ring(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	uint32_t bytes = ((const struct config *)target)->collector.ring_bytes;
	long page = sysconf(_SC_PAGESIZE);

	if ((bytes & (bytes - 1)) != 0 || bytes % (unsigned long)page != 0)
		ytree_problem(tree, node, key,
			"expected a power of two from 65536 to 1073741824 and a multiple of the "
			"page size, found \"%u\"",
			bytes);
}

/* Whether @a stands before @b in the file. */
static bool is_before(const struct ynode *a, const struct ynode *b)
{
	return a->line < b->line || (a->line == b->line && a->col < b->col);
}

/* Which socket a process can open is its authorization: two daemons with one user could be each
 * other. */
static void check_user(const struct ytree *tree, const struct ynode *users, const struct ynode *one,
	const struct config *config)
{
	char name[64];

	for (int role = 0; role < ROLE_COUNT; role++) {
		const char *other_name = role_name((enum role)role);
		const struct ynode *other = ynode_get(users, other_name);

		if (ynode_is_text(one->key, other_name) || !ynode_is_text(one, config->users[role]))
			continue;
		/* Of two in the file only the later one is told. */
		if (other && is_before(one, other))
			continue;
		snprintf(name, sizeof(name), "users.%s", one->key->text);
		ytree_problem(tree, one, name, "each daemon needs its own user, %s has \"%s\" too",
			other_name, one->text);
	}
}

void config_check_users(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	(void)key;
	for (const struct ynode *one = node->first; one; one = one->next)
		check_user(tree, node, one, target);
}

/* Whether an item before @item is the same address in other words, as [::1] and [0::1]. */
static bool is_repeated(const struct ynode *list, const struct ynode *item)
{
	struct sockaddr_storage mine, other;
	socklen_t mine_len, other_len;
	const char *why;

	if (listen_parse(item->text, &mine, &mine_len, &why) < 0)
		return false;
	for (const struct ynode *i = list->first; i != item; i = i->next)
		if (listen_parse(i->text, &other, &other_len, &why) == 0 && mine_len == other_len &&
			memcmp(&mine, &other, mine_len) == 0)
			return true;
	return false;
}

void config_check_listens(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	(void)target;
	if (node->count > CONFIG_LISTEN_MAX)
		ytree_problem(tree, node, key, "expected at most %d addresses, found %u",
			CONFIG_LISTEN_MAX, node->count);
	for (const struct ynode *item = node->first; item; item = item->next)
		if (is_repeated(node, item))
			ytree_problem(tree, item, key, "\"%s\" stands here twice", item->text);
}

void config_check_hosts(
	const struct ytree *tree, const struct ynode *node, const char *key, void *target)
{
	(void)target;
	if (node->count > CONFIG_HOSTS_MAX)
		ytree_problem(tree, node, key, "expected at most %d hosts, found %u",
			CONFIG_HOSTS_MAX, node->count);
}
