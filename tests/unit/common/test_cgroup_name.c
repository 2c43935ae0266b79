/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/cgroup_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct path_case {
	const char *path, *unit, *container;
};

static const struct path_case CASES[] = {
	{"", "", ""},
	{"/", "", ""},
	{"/init.scope", "init.scope", ""},
	{"/system.slice/ssh.service", "ssh.service", ""},
	{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", ""},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.service", "app-x.service",
		""},
	{"/user.slice/user-1000.slice", "", ""},
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID},
	{"/system.slice/docker-" ID ".scope/init", "docker-" ID ".scope", ID},
	{"/docker/" ID, "", ID},
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", ""},
	{"/kubepods.slice/kubepods-besteffort.slice/cri-containerd-" ID ".scope",
		"cri-containerd-" ID ".scope", ID},
	{"/kubepods.slice/crio-" ID ".scope", "crio-" ID ".scope", ID},
	{"/kubepods/burstable/pod12345678-1234/" ID, "", ID},
	{"/lxc.payload.web/system.slice/nginx.service", "nginx.service", "web"},
	{"/system.slice/docker-0123.scope", "docker-0123.scope", ""},
	{"/docker/" ID "0", "", ""},
	{"/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "", ""},
	{"/.service", "", ""},
	{"//system.slice//a.service//", "a.service", ""},
};

static void names_units_and_containers(void **state)
{
	struct cgroup_name name;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
		cgroup_name_of(text_of(CASES[i].path), &name);
		assert_string_equal(name.unit, CASES[i].unit);
		assert_string_equal(name.container, CASES[i].container);
	}
}

static void bytes_of_any_kind_are_no_names(void **state)
{
	char path[70] = "/docker/";
	struct cgroup_name name;

	(void)state;
	memset(path + 6, 0, 64);
	cgroup_name_of((struct text){path, sizeof(path)}, &name);
	assert_string_equal(name.container, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_units_and_containers),
		cmocka_unit_test(bytes_of_any_kind_are_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
