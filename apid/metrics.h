/* SPDX-License-Identifier: AGPL-3.0-only */
/* What apid knows as Prometheus text, version 0.0.4: one table of metrics. Only writes. */
#pragma once

#include <event2/buffer.h>

#include "apid/apid.h"

/* Appends all metrics to @out. */
void metrics_write(struct evbuffer *out, const struct apid *apid, uint64_t now_ns);
