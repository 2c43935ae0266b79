/* SPDX-License-Identifier: AGPL-3.0-only */
/* Needs root: each test gives its rights up in a child. */
#include "common/privs.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/common/child.h"

#define UID 61234
#define GID 61235
#define KILL_BIT CAP_BIT(CAP_KILL)

static const struct account account = {
	.name = "tester", .uid = UID, .gid = GID, .group_count = 3, .groups = {7, 1001, 70000}};
static const struct policy no_caps = {.caps_kept = 0};
static const struct policy kill_only = {.caps_kept = KILL_BIT, .nice = -5};

static void needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* True if /proc/self/status has the line "name:\tvalue". */
static bool status_says(const char *name, const char *value)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[512], wanted[512];
	bool found = false;

	snprintf(wanted, sizeof(wanted), "%s:\t%s", name, value);
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
			line[n - 1] = '\0';
		found = found || strcmp(line, wanted) == 0;
	}
	if (file)
		fclose(file);
	return found;
}

static void set_caps(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	cap_t caps = cap_init();

	for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (permitted & CAP_BIT(cap))
			cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET);
		if (effective & CAP_BIT(cap))
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
		if (inheritable & CAP_BIT(cap))
			cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, CAP_SET);
	}
	REQUIRE(cap_set_proc(caps) == 0);
	cap_free(caps);
}

/* What a service manager does before it starts a daemon with ambient capabilities; no_new_privs as privs_drop() sets it. */
static void become_with(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	REQUIRE(setgroups(account.group_count, account.groups) == 0);
	REQUIRE(setresgid(GID, GID, GID) == 0 && setresuid(UID, UID, UID) == 0);
	set_caps(permitted, effective, inheritable);
}

static bool proves(const struct policy *policy, const struct account *who, bool filtered)
{
	char why[128] = "";

	return privs_prove(policy, who, filtered, why, sizeof(why)) == 0 && why[0] == '\0';
}

static bool finds(const struct policy *policy, const struct account *who, const char *what)
{
	char why[128] = "";

	return privs_prove(policy, who, false, why, sizeof(why)) == -EPERM && strncmp(why, what, strlen(what)) == 0;
}

static void drop_to_kill(void)
{
	REQUIRE(privs_drop(&kill_only, &account) == 0);
	REQUIRE(status_says("Uid", "61234\t61234\t61234\t61234"));
	REQUIRE(status_says("Gid", "61235\t61235\t61235\t61235"));
	REQUIRE(status_says("Groups", "7 1001 70000"));
	REQUIRE(status_says("CapInh", "0000000000000000"));
	REQUIRE(status_says("CapPrm", "0000000000000020"));
	REQUIRE(status_says("CapEff", "0000000000000020"));
	REQUIRE(status_says("CapBnd", "0000000000000020"));
	REQUIRE(status_says("CapAmb", "0000000000000000"));
	REQUIRE(status_says("NoNewPrivs", "1"));
	REQUIRE(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	REQUIRE(getpriority(PRIO_PROCESS, 0) == -5);
	REQUIRE(proves(&kill_only, &account, false));
}

static void root_becomes_exactly_the_account_with_exactly_the_capabilities(void **state)
{
	(void)state;
	needs_root();
	succeeds(drop_to_kill);
}

static void drop_to_nothing(void)
{
	REQUIRE(privs_drop(&no_caps, &account) == 0);
	REQUIRE(status_says("CapPrm", "0000000000000000"));
	REQUIRE(status_says("CapEff", "0000000000000000"));
	REQUIRE(status_says("CapBnd", "0000000000000000"));
	REQUIRE(proves(&no_caps, &account, false));
	REQUIRE(!proves(&no_caps, &account, true));
}

static void root_keeps_no_capability_where_none_is_needed(void **state)
{
	(void)state;
	needs_root();
	succeeds(drop_to_nothing);
}

static void try_to_return(void)
{
	const gid_t root = 0;

	REQUIRE(privs_drop(&kill_only, &account) == 0);
	REQUIRE(setuid(0) < 0 && errno == EPERM);
	REQUIRE(setresuid(-1, 0, -1) < 0 && setresuid(-1, -1, 0) < 0);
	REQUIRE(setresgid(0, 0, 0) < 0);
	REQUIRE(setgroups(1, &root) < 0);
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) < 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0);
	setfsuid(0);
	REQUIRE(proves(&kill_only, &account, false));
}

static void there_is_no_way_back(void **state)
{
	(void)state;
	needs_root();
	succeeds(try_to_return);
}

static void refuse_root(void)
{
	const struct account root = {.name = "root"};

	REQUIRE(privs_drop(&no_caps, &root) == -EPERM);
}

static void refuses_to_serve_as_root(void **state)
{
	(void)state;
	needs_root();
	succeeds(refuse_root);
}

static void start_as_own_user(void)
{
	become_with(0, 0, 0);
	REQUIRE(privs_drop(&no_caps, &account) == 0);
	REQUIRE(proves(&no_caps, &account, false));
}

static void start_as_another_user(void)
{
	struct account other = account;

	become_with(KILL_BIT, KILL_BIT, 0);
	other.uid++;
	REQUIRE(privs_drop(&kill_only, &other) == -EPERM);
}

static void start_without_what_is_to_be_kept(void)
{
	become_with(0, 0, 0);
	REQUIRE(privs_drop(&kill_only, &account) == -EPERM);
}

static void start_with_ambient_capabilities(void)
{
	const uint64_t bits = KILL_BIT | CAP_BIT(CAP_NET_ADMIN);

	become_with(bits, bits, bits);
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0) == 0);
	REQUIRE(privs_drop(&kill_only, &account) == 0);
	REQUIRE(status_says("CapAmb", "0000000000000000"));
	REQUIRE(proves(&kill_only, &account, false));
}

static void a_daemon_may_start_as_its_own_user(void **state)
{
	(void)state;
	needs_root();
	succeeds(start_as_own_user);
	succeeds(start_with_ambient_capabilities);
}

static void a_daemon_may_not_start_as_another_user_or_with_too_little(void **state)
{
	(void)state;
	needs_root();
	succeeds(start_as_another_user);
	succeeds(start_without_what_is_to_be_kept);
}

static void deviate_in_identity(void)
{
	struct account other = account;

	REQUIRE(privs_drop(&kill_only, &account) == 0);
	other.uid++;
	REQUIRE(finds(&kill_only, &other, "uid is 0xef32, should be 0xef33"));
	other = account;
	other.gid++;
	REQUIRE(finds(&kill_only, &other, "gid"));
	other = account;
	other.group_count--;
	REQUIRE(finds(&kill_only, &other, "number of groups"));
	other = account;
	other.groups[other.group_count++] = 80000;
	REQUIRE(finds(&kill_only, &other, "number of groups"));
	other = account;
	other.groups[1]++;
	REQUIRE(finds(&kill_only, &other, "number of groups"));
	REQUIRE(finds(&no_caps, &account, "CapPrm is 0x20, should be 0x0"));
	/* The own group may be listed among the others. */
	other = account;
	other.gid = GID;
	REQUIRE(proves(&kill_only, &other, false));
}

static void keep_saved_uid(void)
{
	REQUIRE(setgroups(account.group_count, account.groups) == 0);
	REQUIRE(setresgid(GID, GID, GID) == 0 && setresuid(UID, UID, 0) == 0);
	REQUIRE(finds(&no_caps, &account, "uid"));
}

static void keep_saved_gid(void)
{
	REQUIRE(setgroups(account.group_count, account.groups) == 0);
	REQUIRE(setresgid(GID, GID, 0) == 0 && setresuid(UID, UID, UID) == 0);
	REQUIRE(finds(&no_caps, &account, "gid"));
}

static void keep_permitted(void)
{
	become_with(KILL_BIT | CAP_BIT(CAP_SYS_ADMIN), KILL_BIT, 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(finds(&kill_only, &account, "CapPrm"));
}

static void lack_effective(void)
{
	become_with(KILL_BIT, 0, 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(finds(&kill_only, &account, "CapEff"));
}

static void keep_inheritable(void)
{
	become_with(KILL_BIT, KILL_BIT, KILL_BIT);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(finds(&kill_only, &account, "CapInh"));
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
	REQUIRE(finds(&kill_only, &account, "CapInh or CapAmb"));
}

static void lack_no_new_privs(void)
{
	become_with(KILL_BIT, KILL_BIT, 0);
	REQUIRE(finds(&kill_only, &account, "NoNewPrivs is 0x0, should be 0x1"));
}

static void proving_finds_each_deviation(void **state)
{
	(void)state;
	needs_root();
	succeeds(deviate_in_identity);
	succeeds(keep_saved_uid);
	succeeds(keep_saved_gid);
	succeeds(keep_permitted);
	succeeds(lack_effective);
	succeeds(keep_inheritable);
	succeeds(lack_no_new_privs);
}

static void list_own_group(void)
{
	const gid_t groups[] = {7, 1001, GID, 70000};

	REQUIRE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	REQUIRE(setgroups(ARRAY_LEN(groups), groups) == 0);
	REQUIRE(setresgid(GID, GID, GID) == 0 && setresuid(UID, UID, UID) == 0);
	REQUIRE(privs_drop(&no_caps, &account) == 0);
	REQUIRE(proves(&no_caps, &account, false));
}

static void the_own_group_may_be_listed_among_the_others(void **state)
{
	(void)state;
	needs_root();
	succeeds(list_own_group);
}

static void have_more_groups_than_an_account_holds(void)
{
	struct account many = account;
	gid_t groups[ACCOUNT_GROUPS_MAX + 40];

	for (unsigned i = 0; i < ARRAY_LEN(groups); i++)
		groups[i] = 1000000000 + i;
	memcpy(many.groups, groups, sizeof(many.groups));
	many.group_count = ACCOUNT_GROUPS_MAX;
	REQUIRE(setgroups(ARRAY_LEN(groups), groups) == 0);
	REQUIRE(setresgid(GID, GID, GID) == 0 && setresuid(UID, UID, UID) == 0);
	REQUIRE(finds(&no_caps, &many, "number of groups"));
}

static void groups_beyond_all_bounds_are_found_too(void **state)
{
	(void)state;
	needs_root();
	succeeds(have_more_groups_than_an_account_holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_becomes_exactly_the_account_with_exactly_the_capabilities),
		cmocka_unit_test(root_keeps_no_capability_where_none_is_needed),
		cmocka_unit_test(there_is_no_way_back),
		cmocka_unit_test(refuses_to_serve_as_root),
		cmocka_unit_test(a_daemon_may_start_as_its_own_user),
		cmocka_unit_test(a_daemon_may_not_start_as_another_user_or_with_too_little),
		cmocka_unit_test(proving_finds_each_deviation),
		cmocka_unit_test(the_own_group_may_be_listed_among_the_others),
		cmocka_unit_test(groups_beyond_all_bounds_are_found_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
