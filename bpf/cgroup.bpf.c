/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cgroup of the hierarchy we name processes by appears or goes. Others are no events. */
#include "collector.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record_cgroup);
} cgroup_scratch SEC(".maps");

static __always_inline void report_cgroup(
	struct cpu_counters *own, struct cgroup *cgroup, const char *path, __u32 removed)
{
	struct record_cgroup *record;
	__u32 zero = 0;
	long len;

	COUNT(own->generated[COUNT_CGROUP]);
	record = bpf_map_lookup_elem(&cgroup_scratch, &zero);
	if (!record) {
		COUNT(own->filtered);
		return;
	}
	record->head = (struct record_head){.type = RECORD_CGROUP};
	record->key = CGROUP_KEY(cgroup_hierarchy, cgroup->kn->id);
	record->removed = removed;
	len = bpf_probe_read_kernel_str(record->path, RECORD_PATH_MAX, path);
	len = len > 0 ? len - 1 : 0;
	record->path_len = len;
	if (len > RECORD_PATH_MAX)
		return;
	if (bpf_ringbuf_output(&ring, record, RECORD_CGROUP_MIN + len, wake_flags()))
		COUNT(own->dropped[COUNT_CGROUP]);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct cpu_counters *own = own_counters();
	__u64 began;

	if (!own || cgroup->root->hierarchy_id != cgroup_hierarchy)
		return 0;
	began = run_begin(own, PROGRAM_CGROUP_MKDIR);
	report_cgroup(own, cgroup, path, 0);
	run_end(own, PROGRAM_CGROUP_MKDIR, began);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	struct cpu_counters *own = own_counters();
	__u64 began;

	if (!own || cgroup->root->hierarchy_id != cgroup_hierarchy)
		return 0;
	began = run_begin(own, PROGRAM_CGROUP_RMDIR);
	report_cgroup(own, cgroup, path, 1);
	run_end(own, PROGRAM_CGROUP_RMDIR, began);
	return 0;
}
