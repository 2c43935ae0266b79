/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void check_choice(const char *text, enum cgroup_source source, uint32_t number)
{
	enum cgroup_source chosen;
	uint32_t id;

	hierarchy_choose(text, &chosen, &id);
	assert_int_equal(chosen, source);
	assert_int_equal(id, number);
}

static void chooses_v2_where_no_controller_lives_in_v1(void **state)
{
	(void)state;
	check_choice("0::/user.slice\n", CGROUP_SOURCE_V2, 0);
	check_choice("1:name=systemd:/\n0::/\n", CGROUP_SOURCE_V2, 0);
	check_choice("", CGROUP_SOURCE_V2, 0);
}

static void chooses_the_pids_controller_of_a_hybrid_host(void **state)
{
	(void)state;
	check_choice("9:memory:/\n8:pids:/x\n1:cpu,cpuacct:/\n0::/\n", CGROUP_SOURCE_PIDS, 8);
	check_choice("8:pids:/x\n9:memory:/\n0::/\n", CGROUP_SOURCE_PIDS, 8);
	check_choice("3:cpu,pids:/pidsx\n", CGROUP_SOURCE_PIDS, 3);
}

static void chooses_memory_where_there_is_no_pids_controller(void **state)
{
	(void)state;
	check_choice("5:cpu:/memory\n4:memory:/\n0::/\n", CGROUP_SOURCE_MEMORY, 4);
}

static const char mounts[] =
	"22 1 0:20 / /proc rw,nosuid - proc proc rw\n"
	"30 25 0:26 /docker/x /sub rw - cgroup cgroup rw,pids\n"
	"31 25 0:26 / /sys/fs/cgroup/my\\040pids rw,nosuid shared:9 - cgroup cgroup rw,pids\n"
	"32 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	"33 25 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";

static void finds_where_a_whole_hierarchy_is_mounted(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(hierarchy_mount(mounts, CGROUP_SOURCE_V2, path, sizeof(path)), 0);
	assert_string_equal(path, "/sys/fs/cgroup/unified");
	assert_int_equal(hierarchy_mount(mounts, CGROUP_SOURCE_MEMORY, path, sizeof(path)), 0);
	assert_string_equal(path, "/sys/fs/cgroup/memory");
	assert_int_equal(hierarchy_mount(mounts, CGROUP_SOURCE_PIDS, path, sizeof(path)), 0);
	assert_string_equal(path, "/sys/fs/cgroup/my pids");
}

static void says_when_it_is_mounted_nowhere(void **state)
{
	char path[64];

	(void)state;
	assert_int_equal(hierarchy_mount("", CGROUP_SOURCE_V2, path, sizeof(path)), -ENOENT);
	assert_int_equal(
		hierarchy_mount("x\n - \n", CGROUP_SOURCE_V2, path, sizeof(path)), -ENOENT);
	assert_int_equal(hierarchy_mount(mounts, CGROUP_SOURCE_V2, path, 4), -ENAMETOOLONG);
}

struct found {
	unsigned count;
	uint64_t key;
};

static int look_for_inner(const struct cgroup_name *name, void *ctx)
{
	struct found *found = ctx;

	found->count++;
	if (name->len == 4 && memcmp(name->path, "/a/b", 4) == 0)
		found->key = name->key;
	return 0;
}

static void walks_directories_under_their_inode_numbers(void **state)
{
	char root[] = "/tmp/linnix-test-XXXXXX", path[64];
	struct hierarchy hierarchy = {.number = 8, .dir_fd = -1};
	struct cgroups *cgroups = NULL;
	struct found found = {0};
	unsigned bucket = 0;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/a", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/a/b", root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	hierarchy.dir_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(cgroups_new(&cgroups), 0);
	assert_int_equal(hierarchy_walk(&hierarchy, cgroups), 0);
	assert_int_equal(hierarchy_walk(&hierarchy, cgroups), 0);
	assert_int_equal(cgroups_each(cgroups, &bucket, look_for_inner, &found), 0);
	assert_int_equal(found.count, 3);
	assert_true(found.key == CGROUP_KEY(8, st.st_ino));
	cgroups_free(cgroups);
	hierarchy_close(&hierarchy);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/a", root);
	rmdir(path);
	rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_v2_where_no_controller_lives_in_v1),
		cmocka_unit_test(chooses_the_pids_controller_of_a_hybrid_host),
		cmocka_unit_test(chooses_memory_where_there_is_no_pids_controller),
		cmocka_unit_test(finds_where_a_whole_hierarchy_is_mounted),
		cmocka_unit_test(says_when_it_is_mounted_nowhere),
		cmocka_unit_test(walks_directories_under_their_inode_numbers),
	};

	return cmocka_run_group_tests_name("collectord/hierarchy", tests, NULL, NULL);
}
