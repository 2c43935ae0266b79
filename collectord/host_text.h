/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The kernel's texts about the whole host, as numbers: /proc/pressure, /proc/stat, /proc/meminfo,
 * /proc/loadavg. Pure; a text it does not understand changes nothing. -EPROTO then.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

/* "some avg10=1.50 avg60=… total=5\nfull …"; kernels before 5.13 have no full line for cpu. */
must_check int host_text_pressure(struct text text, struct pressure *pressure);

/* The line of all CPUs; @tick_ns: what its numbers count. */
must_check int host_text_stat(struct text text, uint64_t tick_ns, struct host_sample *sample);
must_check int host_text_meminfo(struct text text, struct host_sample *sample);
must_check int host_text_loadavg(struct text text, struct host_sample *sample);
