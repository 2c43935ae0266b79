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

#define UID "0a1b2c3d-0123-4567-89ab-0123456789ab"
#define SLICED_UID "0a1b2c3d_0123_4567_89ab_0123456789ab"
#define STATIC_UID "0123456789abcdef0123456789abcdef"

/* Paths as the runtimes make them, with systemd's cgroup driver and with cgroupfs. */
static const struct {
	const char *path, *unit, *container, *runtime, *pod;
} RUNTIME_CASES[] = {
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "docker", ""},
	{"/docker/" ID, "", ID, "docker", ""},
	{"/docker/" ID "/docker/" ID "/init", "", ID, "docker", ""},
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, "podman", ""},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "", "", ""},
	{"/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID ".scope", "libpod-" ID ".scope",
		ID, "podman", ""},
	{"/libpod_parent/libpod-" ID, "", ID, "podman", ""},
	{"/libpod_parent/libpod-conmon-" ID, "", "", "", ""},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
		"libpod-" ID ".scope", ID, "podman", ""},
	{"/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", ID, "containerd", ""},
	{"/default/" ID, "", ID, "", ""},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" SLICED_UID
	 ".slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID, "containerd", UID},
	{"/kubepods.slice/kubepods-pod" SLICED_UID ".slice/crio-" ID ".scope/container",
		"crio-" ID ".scope", ID, "cri-o", UID},
	{"/kubepods.slice/kubepods-pod" SLICED_UID ".slice/crio-conmon-" ID ".scope",
		"crio-conmon-" ID ".scope", "", "", UID},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" SLICED_UID
	 ".slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "docker", UID},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC_UID
	 ".slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope", ID, "containerd",
		STATIC_UID},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
	 "kubelet-kubepods-burstable-pod" SLICED_UID ".slice/cri-containerd-" ID ".scope",
		"cri-containerd-" ID ".scope", ID, "containerd", UID},
	{"/kubepods/burstable/pod" UID "/" ID, "", ID, "", UID},
	{"/kubepods/pod" UID "/crio-" ID, "", ID, "cri-o", UID},
	{"/kubepods/besteffort/pod" STATIC_UID "/" ID, "", ID, "", STATIC_UID},
	{"/docker/" ID "/kubelet/kubepods/burstable/pod" UID "/" ID, "", ID, "", UID},
	{"/system.slice/containerd.service/kubepods-burstable-pod" SLICED_UID
	 ".slice:cri-containerd:" ID, "containerd.service", ID, "containerd", UID},
	{"/system.slice/containerd.service/x.slice:other:0123", "containerd.service", "", "", ""},
	{"/lxc.payload.web/system.slice/nginx.service", "nginx.service", "web", "lxc", ""},
	{"/lxc.monitor.web", "", "", "", ""},
	{"/lxc/101/ns/init.scope", "init.scope", "101", "lxc", ""},
	{"/lxc.payload/web", "", "web", "lxc", ""},
	{"/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
		"nginx.service", "web", "nspawn", ""},
	{"/machine.slice/machine-my\\x2dweb.scope/supervisor", "machine-my\\x2dweb.scope", "my-web",
		"nspawn", ""},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", "machine-qemu\\x2d1\\x2dvm.scope", "", "", ""},
	{"/machine.slice/machine-lxc\\x2d7\\x2dweb.scope", "machine-lxc\\x2d7\\x2dweb.scope", "7-web",
		"lxc", ""},
	{"/kubepods/pod" UID "0", "", "", "", ""},
	{"/kubepods/xpod" UID, "", "", "", ""},
	{"/kubepods/pod0a1b2c3d-0123-4567-89ab-0123456789aZ", "", "", "", ""},
	{"/pod.slice", "", "", "", ""},
	{"/machine-.scope", "machine-.scope", "", "", ""},
	{"/machine-a\\x00.scope", "machine-a\\x00.scope", "a\\x00", "nspawn", ""},
	{"/machine-a\\x.scope", "machine-a\\x.scope", "a\\x", "nspawn", ""},
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

static void names_runtimes_and_pods(void **state)
{
	struct cgroup_name name;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(RUNTIME_CASES); i++) {
		cgroup_name_of(text_of(RUNTIME_CASES[i].path), &name);
		assert_string_equal(name.unit, RUNTIME_CASES[i].unit);
		assert_string_equal(name.container, RUNTIME_CASES[i].container);
		assert_string_equal(name.runtime, RUNTIME_CASES[i].runtime);
		assert_string_equal(name.pod, RUNTIME_CASES[i].pod);
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
		cmocka_unit_test(names_runtimes_and_pods),
		cmocka_unit_test(bytes_of_any_kind_are_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
