/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Settings, state and maps that the other objects refer to. */
#include "collector.h"

const volatile __u32 pidns_inum = 0;
const volatile __u32 cgroup_source = 0;
const volatile __u32 cgroup_hierarchy = 0;
const volatile bool capture_args = true;
const volatile bool network = true;
const volatile bool exit_has_group_dead = false;
const volatile bool sample_exe = true;

__u32 own_level = 0;
__u32 sample_texts = 0;
__u32 consumer_asleep = 0;
__u32 args_off = 0;
__u32 connects_off = 0;
__u64 connects_lost = 0;
struct connections_walk connections_walk = {};

struct ring_map ring SEC(".maps");
struct counters_map counters SEC(".maps");
struct connects_map connects SEC(".maps");

char licence[] SEC("license") = "Dual BSD/GPL";
