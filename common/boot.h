/* SPDX-License-Identifier: AGPL-3.0-only */
/* Which boot, pid namespace and run of this daemon we are: read once at start, sent in HELLO. */
#pragma once

#include "common/base.h"

struct boot {
	uint8_t id[16];     /* /proc/sys/kernel/random/boot_id */
	uint64_t pidns_ino; /* of /proc/self/ns/pid */
	uint64_t start_ns;  /* CLOCK_BOOTTIME of boot_read() */
};

/* Before the sandbox. 0 or -errno. */
must_check int boot_read(void);

/* What boot_read() found; zeroes before it. */
const struct boot *boot_get(void);
