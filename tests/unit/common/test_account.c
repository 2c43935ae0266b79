/* SPDX-License-Identifier: AGPL-3.0-only */
/* Accounts of an /etc of our own, mounted where only this process sees it: needs root. */
#include "common/account.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

static bool mounted;

static const char passwd[] =
	"# a comment, and an empty line\n"
	"\n"
	"+\n"
	"+nis::::::\n"
	"root:x:0:0:root:/root:/bin/bash\n"
	"toor:x:0:0:root again:/root:/bin/sh\n"
	"alice:x:1000:1000:Alice:/home/alice:/bin/bash\n"
	"bob:x:1001:100::/home/bob:/bin/bash\n"
	"carol:x:1002:1002:::\n"
	"broken\n"
	"broken2:x\n"
	"nouid:x:::no numbers:/:\n"
	"text:x:one:1:text:/:\n"
	"negative:x:-1:-1:negative:/:\n"
	"huge:x:4294967296:1:too large:/:\n"
	"invalid:x:4294967295:1:the uid that is none:/:\n"
	"1234:x:1234:1234:a name of digits:/:\n"
	"aliceandmore:x:1003:1003::/:\n"
	"last:x:1004:1004::/:/bin/sh"; /* without a newline */

static const char group[] =
	"root:x:0:\n"
	"users:x:100:alice\n"
	"approvers:x:500:alice,carol\n"
	"linnix:x:501:bob,alice,\n"
	"empty:x:502:,,\n"
	"nomembers:x:503\n"
	"own:x:1000:alice\n"
	"strange:x:none:alice\n"
	"+approvers2:x:0:alice\n"
	"late:x:90:carol,alice\n"
	"digits:x:504:4321\n";

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int mount_etc(void **state)
{
	(void)state;
	mounted = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("tmpfs", "/etc", "tmpfs", 0, "size=16m") == 0;
	return 0;
}

static int write_files(void **state)
{
	(void)state;
	if (mounted) {
		write_file("/etc/passwd", passwd);
		write_file("/etc/group", group);
	}
	return 0;
}

static void needs_etc(void)
{
	if (!mounted)
		skip();
}

static void finds_users_by_name_and_number(void **state)
{
	struct account a, b;

	(void)state;
	needs_etc();
	assert_int_equal(account_find("alice", &a), 0);
	assert_string_equal(a.name, "alice");
	assert_int_equal(a.uid, 1000);
	assert_int_equal(a.gid, 1000);
	assert_int_equal(account_find("1000", &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(account_find("last", &a), 0);
	assert_int_equal(a.uid, 1004);
}

static void lists_groups_ascending_and_without_the_own_one(void **state)
{
	static const gid_t wanted[] = {90, 100, 500, 501};
	struct account account;

	(void)state;
	needs_etc();
	assert_int_equal(account_find("alice", &account), 0);
	assert_int_equal(account.group_count, ARRAY_LEN(wanted));
	assert_memory_equal(account.groups, wanted, sizeof(wanted));
	assert_int_equal(account_find("bob", &account), 0);
	assert_int_equal(account.group_count, 1);
	assert_int_equal(account.groups[0], 501);
	assert_int_equal(account_find("aliceandmore", &account), 0);
	assert_int_equal(account.group_count, 0);
}

static void a_number_without_an_entry_is_its_own_group_and_in_no_other(void **state)
{
	struct account account;

	(void)state;
	needs_etc();
	assert_int_equal(account_find("4321", &account), 0);
	assert_string_equal(account.name, "4321");
	assert_int_equal(account.uid, 4321);
	assert_int_equal(account.gid, 4321);
	assert_int_equal(account.group_count, 0);
	assert_int_equal(account_find("1234", &account), 0);
	assert_int_equal(account.uid, 1234);
}

static void what_is_not_found_leaves_the_account_alone(void **state)
{
	static const char *const missing[] = {"", "nobody here", "+", "+nis", "-", "#", "broken", "broken2", "nouid", "text",
		"negative", "huge", "invalid", "ali", "alice:x", "4294967295", "4294967296", "-1", "01000"};
	struct account account, before;

	(void)state;
	needs_etc();
	memset(&account, 0x55, sizeof(account));
	before = account;
	for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
		if (account_find(missing[i], &account) != -ENOENT)
			fail_msg("'%s' was found", missing[i]);
		assert_memory_equal(&account, &before, sizeof(account));
	}
}

static void names_uids(void **state)
{
	char name[16];

	(void)state;
	needs_etc();
	assert_string_equal(account_name(0, name, sizeof(name)), "root");
	assert_string_equal(account_name(1001, name, sizeof(name)), "bob");
	assert_string_equal(account_name(77, name, sizeof(name)), "77");
	assert_string_equal(account_name((uid_t)-1, name, sizeof(name)), "4294967295");
	assert_string_equal(account_name(1003, name, 6), "alice");
}

static void knows_members_and_primary_groups(void **state)
{
	gid_t gid = 7;

	(void)state;
	needs_etc();
	assert_int_equal(account_group("approvers", &gid), 0);
	assert_int_equal(gid, 500);
	assert_int_equal(account_group("nomembers", &gid), 0);
	assert_int_equal(gid, 503);
	assert_int_equal(account_group("strange", &gid), -ENOENT);
	assert_int_equal(account_group("approv", &gid), -ENOENT);
	assert_int_equal(gid, 503);

	assert_true(account_in_group(1000, "approvers"));
	assert_true(account_in_group(1002, "approvers"));
	assert_false(account_in_group(1001, "approvers"));
	assert_false(account_in_group(1003, "approvers"));
	assert_true(account_in_group(1001, "users"));
	assert_true(account_in_group(1000, "users"));
	assert_false(account_in_group(1000, "empty"));
	assert_false(account_in_group(1000, "approvers2"));
	assert_false(account_in_group(1000, "no such group"));
	assert_false(account_in_group(4321, "digits"));
	assert_false(account_in_group((uid_t)-1, "approvers"));
}

/* A long line (a group of thousands) hides nothing behind it. */
static void an_entry_may_be_of_any_length(void **state)
{
	static char text[400000];
	struct account account;
	size_t used = 0;
	FILE *file;

	(void)state;
	needs_etc();
	used += (size_t)snprintf(text, sizeof(text), "crowd:x:600:");
	while (used < sizeof(text) - 200)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "member%zu,", used);
	snprintf(text + used, sizeof(text) - used, "alice\nafter:x:601:alice\n");
	write_file("/etc/group", text);
	assert_true(account_in_group(1000, "crowd"));
	assert_true(account_in_group(1000, "after"));
	assert_int_equal(account_find("alice", &account), 0);
	assert_int_equal(account.group_count, 2);

	file = fopen("/etc/passwd", "we");
	assert_non_null(file);
	fprintf(file, "long:x:1:1:%0100000d:/:\nafter:x:2:2::/:\n", 0);
	fclose(file);
	assert_int_equal(account_find("after", &account), 0);
	assert_int_equal(account_find("long", &account), 0);
}

static void refuses_more_groups_than_it_can_hold(void **state)
{
	struct account account = {.uid = 7};
	FILE *file;

	(void)state;
	needs_etc();
	file = fopen("/etc/group", "we");
	assert_non_null(file);
	for (unsigned i = 0; i < ACCOUNT_GROUPS_MAX; i++)
		fprintf(file, "g%u:x:%u:alice\n", i, 10000 - i);
	fflush(file);
	assert_int_equal(account_find("alice", &account), 0);
	assert_int_equal(account.group_count, ACCOUNT_GROUPS_MAX);
	assert_int_equal(account.groups[0], 10000 - ACCOUNT_GROUPS_MAX + 1);
	fprintf(file, "more:x:9:alice\n");
	fclose(file);
	assert_int_equal(account_find("alice", &account), -E2BIG);
}

static void refuses_names_that_it_cannot_hold(void **state)
{
	struct account account;
	char name[ACCOUNT_NAME_MAX + 1], line[200];

	(void)state;
	needs_etc();
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(line, sizeof(line), "%s:x:5:5::/:\n", name);
	write_file("/etc/passwd", line);
	assert_int_equal(account_find(name, &account), -ENAMETOOLONG);
	name[sizeof(name) - 2] = '\0';
	snprintf(line, sizeof(line), "%s:x:5:5::/:\n", name);
	write_file("/etc/passwd", line);
	assert_int_equal(account_find(name, &account), 0);
	assert_string_equal(account.name, name);
}

static void without_files_nobody_is_in_a_group(void **state)
{
	struct account account;
	char name[16];
	gid_t gid;

	(void)state;
	needs_etc();
	assert_int_equal(unlink("/etc/group"), 0);
	assert_false(account_in_group(1000, "approvers"));
	assert_int_equal(account_group("approvers", &gid), -ENOENT);
	assert_int_equal(account_find("alice", &account), 0);
	assert_int_equal(account.group_count, 0);
	assert_int_equal(unlink("/etc/passwd"), 0);
	assert_int_equal(account_find("alice", &account), -ENOENT);
	assert_int_equal(account_find("5", &account), 0);
	assert_string_equal(account_name(0, name, sizeof(name)), "0");
}

/* Editors put a new file in the place of the old one. */
static void sees_later_changes_through_the_open_directory(void **state)
{
	(void)state;
	needs_etc();
	assert_int_equal(account_open(), 0);
	assert_int_equal(account_open(), 0);
	assert_false(account_in_group(1001, "approvers"));
	write_file("/etc/group.new", "approvers:x:500:bob\n");
	assert_int_equal(rename("/etc/group.new", "/etc/group"), 0);
	assert_true(account_in_group(1001, "approvers"));
	assert_false(account_in_group(1000, "approvers"));
}

int main(void)
{
#define ACCOUNTS(test) cmocka_unit_test_setup(test, write_files)
	const struct CMUnitTest tests[] = {
		ACCOUNTS(finds_users_by_name_and_number),
		ACCOUNTS(lists_groups_ascending_and_without_the_own_one),
		ACCOUNTS(a_number_without_an_entry_is_its_own_group_and_in_no_other),
		ACCOUNTS(what_is_not_found_leaves_the_account_alone),
		ACCOUNTS(names_uids),
		ACCOUNTS(knows_members_and_primary_groups),
		ACCOUNTS(an_entry_may_be_of_any_length),
		ACCOUNTS(refuses_more_groups_than_it_can_hold),
		ACCOUNTS(refuses_names_that_it_cannot_hold),
		ACCOUNTS(without_files_nobody_is_in_a_group),
		ACCOUNTS(sees_later_changes_through_the_open_directory),
	};

	return cmocka_run_group_tests(tests, mount_etc, NULL);
}
